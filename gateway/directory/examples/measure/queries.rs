//! What is typed, and people whose names are all different.

use portico_contract::people::PersonRecord;

/// Named lists of queries. The first is what a person types, letter by letter; the others are each the worst of their kind.
pub fn mixes(people: &[PersonRecord]) -> Vec<(&'static str, Vec<String>)> {
    let some: Vec<&PersonRecord> = people.iter().step_by((people.len() / 200).max(1)).collect();
    let typed = some.iter().enumerate().flat_map(|(at, person)| prefixes(&wanted(at, person))).collect();
    let letters = ('a'..='z').chain('0'..='9').map(String::from).collect();
    let pairs = ('a'..='z').flat_map(|first| ["a", "e", "i", "o", "s"].map(|then| format!("{first}{then}")));
    let misspelt: Vec<String> = some.iter().map(|person| misspell(&person.profile.display_name)).collect();
    vec![
        ("type-ahead", typed),
        ("one letter", letters),
        ("two letters", pairs.collect()),
        ("eight one-letter words", ('a'..='z').map(|letter| format!("{letter} ").repeat(8)).collect()),
        (
            "inside words",
            ["ing", "ser", "son", "and", "man", "ent", "ati", "off", "ell"].map(str::to_owned).into(),
        ),
        ("misspelt names", misspelt.clone()),
        ("eight misspelt words", misspelt.chunks(4).map(|names| names.join(" ")).collect()),
        ("eight long strangers", vec!["wolstenhulmeq xquintessentia ".repeat(4), "aeiourstln ".repeat(8)]),
        ("full numbers", some.iter().map(|_| "+44 1632 960000".to_owned()).collect()),
    ]
}

fn wanted(at: usize, person: &PersonRecord) -> String {
    let profile = &person.profile;
    let name = &profile.name;
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    match at % 8 {
        0 | 1 => profile.display_name.clone(),
        2 => format!("{} {}", part(&name.family_name), part(&name.given_name)),
        3 => misspell(&profile.display_name),
        4 => part(&profile.user_name),
        5 => format!("{} {}", part(&name.family_name), part(&profile.department)),
        6 => profile.phone_numbers[0].value.rsplit(' ').next().unwrap_or_default().to_owned(),
        _ => part(&profile.title),
    }
}

fn prefixes(typed: &str) -> Vec<String> {
    typed.char_indices().map(|(at, letter)| typed[..at + letter.len_utf8()].to_owned()).collect()
}

/// Swaps the second and third letter of each word.
fn misspell(name: &str) -> String {
    let word = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() > 3 {
            letters.swap(1, 2);
        }
        letters.into_iter().collect::<String>()
    };
    name.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The same people, each with a family name of their own: the worst case for the list of words.
pub fn different_names(mut people: Vec<PersonRecord>) -> Vec<PersonRecord> {
    const SYLLABLES: [&str; 24] = [
        "ber", "lin", "mor", "gan", "wol", "ste", "hul", "mes", "ton", "ry", "da", "vie", "kow", "ski",
        "pat", "el", "sen", "tha", "row", "bar", "nic", "holl", "ask", "quin",
    ];
    for (at, person) in people.iter_mut().enumerate() {
        let (mut rest, mut family) = (at * 7 + 331_776, String::new());
        while rest > 0 {
            family.push_str(SYLLABLES[rest % SYLLABLES.len()]);
            rest /= SYLLABLES.len();
        }
        let profile = &mut person.profile;
        profile.display_name = format!("{} {family}", profile.name.given_name.as_deref().unwrap_or_default());
        profile.name.formatted = Some(profile.display_name.clone());
        profile.name.family_name = Some(family);
    }
    people
}
