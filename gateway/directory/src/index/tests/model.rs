//! The index says what a plain scan over all people says, and in the same order.

use super::fuzzy::begins_near;
use super::score::Tier;
use super::*;

/// Few letters and words, so that much matches.
fn name() -> impl Strategy<Value = String> {
    let word =
        prop_oneof!["[abà]{1,9}", "[ab]{1,3}['-][aB]{1,3}", Just("Ann".to_owned()), Just("anna".to_owned())];
    vec(word, 1..3).prop_map(|words| words.join(" "))
}

fn someone() -> impl Strategy<Value = PersonRecord> {
    let keys = (of("[ab1]{1,6}"), of("[ab]{1,3}\\.[ab]{1,3}@x"), of(name()), of(name()));
    (0..40_u8, name(), of(name()), any::<bool>(), keys).prop_map(|(id, display, family, active, keys)| {
        let mut person = person(&format!("p{id:02}"), &display);
        person.profile.active = active;
        person.profile.name.family_name = family;
        (person.profile.user_name, _, person.profile.title, person.profile.department) = keys.clone();
        person.profile.emails =
            keys.1.into_iter().map(|value| Email { value, kind: ContactType::Work, primary: true }).collect();
        person
    })
}

fn groups_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut words = Vec::new();
    for group in texts.into_iter().flat_map(fold::groups) {
        words.push(group.concat());
        words.extend(group);
    }
    words
}

/// Every way to look for a word, the better first; each is done only while the page is not full without it.
const TIERS: [Tier; 4] = [Tier::Beginning, Tier::Inside, Tier::Fuzzy, Tier::FuzzyBeginning];

/// The best score of one text for one person, by looking at every word in every way up to `deepest`: four times the kind,
/// and the field. Higher is better.
fn best(text: &str, person: &PersonRecord, deepest: Tier) -> Option<u8> {
    let profile = &person.profile;
    let mut names = groups_of(
        [Some(&profile.display_name), profile.name.family_name.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str),
    );
    names.push(profile.name.family_name.iter().flat_map(|family| fold::groups(family)).flatten().collect());
    let local = |email: &Email| email.value.split('@').next().unwrap_or_default().to_owned();
    let users: Vec<String> =
        profile.user_name.iter().cloned().chain(profile.emails.iter().map(local)).collect();
    let posts = [&profile.title, &profile.department].into_iter().flatten().map(String::as_str);
    let fields = [(3, names), (2, groups_of(users.iter().map(String::as_str))), (1, groups_of(posts))];
    let letters = text.chars().count();
    let score = |word: &String, field: u8| match word.find(text) {
        Some(_) if word == text => Some(16 + field),
        Some(0) => Some(12 + field),
        Some(_) if letters >= 3 && deepest >= Tier::Inside => Some(8 + field),
        _ if letters < 4 || field < 3 || deepest < Tier::Fuzzy => None,
        _ => match (strsim::osa_distance(text, word), letters) {
            (..2, _) => Some(4 + 3),
            (2, 8..) => Some(4 + 2),
            _ => (deepest == Tier::FuzzyBeginning && begins_near(text, word)).then_some(4),
        },
    };
    fields.iter().flat_map(|(field, words)| words.iter().filter_map(|word| score(word, *field))).max()
}

/// What the page of the index says about matches and ranks, over all people who are visible: ids, and four for a whole
/// word down to one for a misspelt one.
fn scan<'a>(
    people: &'a BTreeMap<NativeId, PersonRecord>,
    typed: &str,
    limit: usize,
    visible: impl Fn(&str) -> bool,
) -> Vec<(&'a str, u8)> {
    let words: Vec<Vec<String>> = typed.split(' ').flat_map(fold::groups).collect();
    let rank = |person: &PersonRecord, deepest: Tier| {
        let mut scores = Vec::new();
        for (at, parts) in words.iter().enumerate() {
            let deepest = if at + 1 == words.len() { deepest } else { deepest.min(Tier::Fuzzy) };
            let divided = parts.iter().map(|part| best(part, person, deepest)).collect::<Option<Vec<_>>>();
            let divided = divided.filter(|_| parts.len() > 1).and_then(|all| all.into_iter().min());
            scores.push(best(&parts.concat(), person, deepest).max(divided)?);
        }
        let weakest = *scores.iter().min()?;
        Some((weakest, scores.iter().map(|score| u32::from(*score)).sum::<u32>()))
    };
    let mut all: Vec<(&str, u8)> = Vec::new();
    for tier in TIERS {
        if all.len() >= limit || (tier == Tier::FuzzyBeginning && !all.is_empty()) {
            break;
        }
        let belongs = |weakest: u8| match tier {
            Tier::Beginning => weakest >= 12,
            Tier::Inside => (8..12).contains(&weakest),
            Tier::Fuzzy => (5..8).contains(&weakest),
            Tier::FuzzyBeginning => weakest == 4,
        };
        let seen = people.values().filter(|person| visible(person.id.as_str()));
        let ranked = seen.filter_map(|person| Some((rank(person, tier)?, person)));
        let mut found: Vec<_> = ranked.filter(|((weakest, _), _)| belongs(*weakest)).collect();
        found.sort_by_key(|((weakest, sum), person)| {
            let name = &person.profile.display_name;
            let rank = std::cmp::Reverse((weakest / 4, *sum));
            (rank, !person.profile.active, fold::fold(name), name.clone(), person.id.clone())
        });
        all.extend(found.into_iter().map(|((weakest, _), person)| (person.id.as_str(), weakest / 4)));
    }
    all.truncate(limit);
    all
}

fn hits<'a>(
    index: &'a PeopleIndex,
    typed: &str,
    limit: usize,
    visible: impl Fn(&str) -> bool,
) -> Vec<(&'a str, u8)> {
    let mut asked = std::collections::BTreeSet::new();
    let hits = index.search(&Query::parse(typed), limit, |person| {
        assert!(asked.insert(person.id().to_owned()), "{typed:?} asks twice for one person");
        visible(person.id())
    });
    let kind = |kind| match kind {
        MatchKind::Exact => 4,
        MatchKind::Prefix => 3,
        MatchKind::Infix => 2,
        MatchKind::Fuzzy => 1,
    };
    hits.iter().map(|hit| (hit.person.id(), kind(hit.kind))).collect()
}

#[derive(Debug, Clone)]
enum Step {
    Put(Box<PersonRecord>),
    Gone(u8),
    Build,
    Whole(Vec<PersonRecord>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => someone().prop_map(|person| Step::Put(Box::new(person))),
        3 => (0..40_u8).prop_map(Step::Gone),
        3 => Just(Step::Build),
        1 => vec(someone(), 0..10).prop_map(Step::Whole),
    ];
    vec(step, 0..120)
}

/// Does the steps, on an index and on a plain map.
fn play(steps: Vec<Step>) -> (PeopleIndex, BTreeMap<NativeId, PersonRecord>) {
    let (mut builder, mut people) = (Builder::new(), BTreeMap::new());
    for step in steps {
        match step {
            Step::Put(person) => {
                builder.apply(put(&person));
                people.insert(person.id.clone(), *person);
            }
            Step::Gone(id) => {
                let id = native(&format!("p{id:02}"));
                people.remove(&id);
                builder.apply(PersonChange::Gone(id));
            }
            Step::Build => builder = Builder::from(&builder.build()),
            Step::Whole(all) => {
                // A `Begin` goes back to the last snapshot, and then nobody of it counts.
                builder.apply(PersonChange::Begin { whole: true });
                all.iter().for_each(|person| builder.apply(put(person)));
                people = all.into_iter().map(|person| (person.id.clone(), person)).collect();
                builder = Builder::from(&builder.build());
            }
        }
    }
    (builder.build(), people)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_search_is_a_scan(
        people in vec(someone(), 0..40),
        typed in "[abàn]{1,8}( [abn]{1,3}['-]?[ab]{0,5}){0,2}",
        limit in 0..45_usize,
        hidden in 0..4_u32,
        parts in 1..20_usize,
    ) {
        let people: BTreeMap<_, _> = people.into_iter().map(|person| (person.id.clone(), person)).collect();
        let hides = char::from_digit(hidden, 10).unwrap_or_default();
        let visible = |id: &str| hidden == 0 || !id.ends_with(hides);
        let wanted = scan(&people, &typed, limit, visible);
        let whole = index_of(people.values());
        prop_assert_eq!(hits(&whole, &typed, limit, visible), wanted.clone());
        // The same whatever segments they lie in.
        let mut divided = PeopleIndex::default();
        for some in people.values().collect::<Vec<_>>().chunks(parts) {
            let mut builder = Builder::from(&divided);
            some.iter().for_each(|person| builder.apply(put(person)));
            divided = builder.build();
        }
        prop_assert_eq!(hits(&divided, &typed, limit, visible), wanted);
    }

    #[test]
    fn steps_make_what_one_go_makes(steps in steps(), typed in "[abàn]{1,9}( [abn]{1,5})?", limit in 0..30_usize) {
        let (index, people) = play(steps);
        prop_assert_eq!(index.len(), people.len());
        let mut told: Vec<_> = index.iter().map(PersonEntry::record).collect();
        told.sort_by(|a, b| a.id.cmp(&b.id));
        prop_assert_eq!(told, people.values().cloned().collect::<Vec<_>>());
        let fresh = index_of(people.values());
        let visible = |id: &str| id != "p07";
        prop_assert_eq!(hits(&index, &typed, limit, visible), hits(&fresh, &typed, limit, visible));
        for person in people.values() {
            let found = index.get(&person.id).map(PersonEntry::record);
            prop_assert_eq!(found.as_ref(), Some(person));
            let user = person.profile.user_name.as_deref().unwrap_or_default();
            let (many, one) = (index.find(PersonKey::UserName, user), fresh.find(PersonKey::UserName, user));
            prop_assert_eq!(ids(many), ids(one));
        }
    }
}
