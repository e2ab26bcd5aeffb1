//! The index says what a plain scan over all people says, and in the same order.

use super::*;

/// Few letters and words, so that much matches.
fn name() -> impl Strategy<Value = String> {
    let word =
        prop_oneof!["[abà]{1,5}", "[ab]{1,3}['-][aB]{1,3}", Just("Ann".to_owned()), Just("anna".to_owned())];
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

/// The best (kind, field) of one text for one person, by looking at every word. Higher is better.
fn best(text: &str, person: &PersonRecord) -> Option<(u8, u8)> {
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
    let score = |word: &String| match word.find(text)? {
        _ if word == text => Some(4),
        0 => Some(3),
        _ if text.chars().count() >= 3 => Some(2),
        _ => None,
    };
    fields
        .iter()
        .flat_map(|(field, words)| words.iter().filter_map(move |word| Some((score(word)?, *field))))
        .max()
}

/// What the page of the index says about matches and ranks, over all people.
fn scan<'a>(people: &'a BTreeMap<NativeId, PersonRecord>, typed: &str) -> Vec<&'a str> {
    let words: Vec<Vec<String>> = typed.split(' ').flat_map(fold::groups).collect();
    let rank = |person: &PersonRecord| {
        let mut scores = Vec::new();
        for parts in &words {
            let divided = parts.iter().map(|part| best(part, person)).collect::<Option<Vec<_>>>();
            let divided = divided.filter(|_| parts.len() > 1).and_then(|all| all.into_iter().min());
            scores.push(best(&parts.concat(), person).max(divided)?);
        }
        let weakest = scores.iter().map(|score| score.0).min()?;
        Some((weakest, scores.iter().map(|(kind, field)| u32::from(kind * 4 + field)).sum::<u32>()))
    };
    let mut found: Vec<_> = people.values().filter_map(|person| Some((rank(person)?, person))).collect();
    found.sort_by_key(|(rank, person)| {
        let name = &person.profile.display_name;
        (std::cmp::Reverse(*rank), !person.profile.active, fold::fold(name), name.clone(), person.id.clone())
    });
    found.into_iter().map(|(_, person)| person.id.as_str()).collect()
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
    fn a_search_is_a_scan(people in vec(someone(), 0..40), typed in "[abàn]{1,4}( [abn]{1,3}['-]?[ab]{0,3}){0,2}") {
        let people: BTreeMap<_, _> = people.into_iter().map(|person| (person.id.clone(), person)).collect();
        let index = index_of(people.values());
        let hits = index.search(&Query::parse(&typed), PeopleIndex::MOST, |_| true);
        let hits = hits.into_iter().filter(|hit| hit.kind != MatchKind::Fuzzy).map(|hit| hit.person);
        prop_assert_eq!(ids(hits), scan(&people, &typed));
    }

    #[test]
    fn steps_make_what_one_go_makes(steps in steps(), typed in "[abàn]{1,5}( [abn]{1,3})?", limit in 0..30_usize) {
        let (index, people) = play(steps);
        prop_assert_eq!(index.len(), people.len());
        let mut told: Vec<_> = index.iter().map(PersonEntry::record).collect();
        told.sort_by(|a, b| a.id.cmp(&b.id));
        prop_assert_eq!(told, people.values().cloned().collect::<Vec<_>>());
        let fresh = index_of(people.values());
        let query = Query::parse(&typed);
        let hits = |index: &PeopleIndex| {
            let hits = index.search(&query, limit, |person| person.id() != "p07");
            hits.iter().map(|hit| (hit.person.id().to_owned(), hit.kind)).collect::<Vec<_>>()
        };
        prop_assert_eq!(hits(&index), hits(&fresh));
        for person in people.values() {
            let found = index.get(&person.id).map(PersonEntry::record);
            prop_assert_eq!(found.as_ref(), Some(person));
            let user = person.profile.user_name.as_deref().unwrap_or_default();
            let (many, one) = (index.find(PersonKey::UserName, user), fresh.find(PersonKey::UserName, user));
            prop_assert_eq!(ids(many), ids(one));
        }
    }
}
