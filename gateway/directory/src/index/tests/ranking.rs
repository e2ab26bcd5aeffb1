//! What finds whom, and in which order.

use super::*;

/// A small office: id, display, given, family, user name, title, department, telephone.
fn office() -> PeopleIndex {
    let rows: &[[&str; 8]] = &[
        [
            "sian",
            "Siân Davies",
            "Siân",
            "Davies",
            "sdavies",
            "Buyer",
            "Procurement",
            "+44 1632 960000 ext. 1234",
        ],
        [
            "obrien",
            "Sinéad O’Brien",
            "Sinéad",
            "O’Brien",
            "sobrien",
            "Auditor",
            "Finance",
            "+44 (0)1632 960777",
        ],
        [
            "llj",
            "Gwenllïan Llewellyn-Jones",
            "Gwenllïan",
            "Llewellyn-Jones",
            "gl2",
            "Head of Housing",
            "Housing",
            "4321",
        ],
        ["lukasz", "Łukasz Weiß", "Łukasz", "Weiß", "lweiss", "Davies Centre Manager", "Parks", ""],
        ["cruz", "Ana de la Cruz", "Ana", "de la Cruz", "acruz", "Cook", "School Catering", ""],
        ["wyn", "Ŵyn Ŷnys", "Ŵyn", "Ŷnys", "wynys", "Cook", "School Catering", ""],
    ];
    let people = rows.iter().map(|[id, display, given, family, user, title, department, telephone]| {
        let mut person = person(id, display);
        let profile = &mut person.profile;
        profile.name.given_name = Some((*given).to_owned());
        profile.name.family_name = Some((*family).to_owned());
        profile.user_name = Some((*user).to_owned());
        profile.title = Some((*title).to_owned());
        profile.department = Some((*department).to_owned());
        let value = format!("{}.x@council.example", user);
        profile.emails = vec![Email { value, kind: ContactType::Work, primary: true }];
        if !telephone.is_empty() {
            profile.phone_numbers =
                vec![PhoneNumber { value: (*telephone).to_owned(), kind: ContactType::Work }];
        }
        person
    });
    index_of(&people.collect::<Vec<_>>())
}

#[track_caller]
fn check(typed: &str, expected: &[&str]) {
    let index = office();
    assert_eq!(found(&index, typed), expected, "{typed:?}");
}

#[test]
fn accents_case_and_order_do_not_matter() {
    for typed in [
        "Siân Davies",
        "sian davies",
        "Davies Siân",
        "DAVIES, SIAN",
        "  dav   si ",
        "davies sian procurement",
    ] {
        check(typed, &["sian"]);
    }
    for typed in ["lukasz", "Łukasz", "weiss", "WEISS", "weiß"] {
        check(typed, &["lukasz"]);
    }
    for typed in ["wyn", "Ŵyn", "ynys wyn"] {
        check(typed, &["wyn"]);
    }
}

#[test]
fn hyphens_and_apostrophes_are_optional() {
    for typed in ["O'Brien", "o’brien", "obrien", "o brien", "O-Brien", "brien", "obr"] {
        check(typed, &["obrien"]);
    }
    for typed in
        ["llewellyn-jones", "llewellynjones", "llewellyn jones", "jones", "Jones-Llewellyn", "llewellyn-jo"]
    {
        check(typed, &["llj"]);
    }
    for typed in ["de la cruz", "delacruz", "cruz"] {
        check(typed, &["cruz"]);
    }
}

#[test]
fn beginnings_and_insides_of_words_match() {
    check("gwen", &["llj"]);
    check("wenll", &["llj"]);
    // Two letters are no inside, three are.
    check("ri", &[]);
    check("rie", &["obrien"]);
    check("sdav", &["sian"]);
    check("head housing", &["llj"]);
    check("catering", &["cruz", "wyn"]);
    check("sobrien.x@council.example", &["obrien"]);
}

#[test]
fn telephone_numbers_match_by_their_end_and_in_full() {
    for typed in ["1234", "234", "ext 1234", "x 1234"] {
        check(typed, &["sian"]);
    }
    for typed in [
        "960777",
        "777",
        "+44 1632 960777",
        "01632960777",
        "01632 960 777",
        "(01632) 960777",
        "0044 1632 960777",
        "1632 960777",
    ] {
        check(typed, &["obrien"]);
    }
    check("4321", &["llj"]);
    check("432", &["llj"]);
    check("01632 96", &["sian", "obrien"]);
    check("01632 960000", &["sian"]);
    check("21", &[]);
    check("sian 4321", &[]);
    check("sian 1234", &["sian"]);
}

#[test]
fn a_letter_or_two_may_be_wrong_in_names_only() {
    for typed in ["Daveis", "davigs", "davis", "davvies", "Sain Davies", "davies saan"] {
        check(typed, &["sian"]);
    }
    check("gwenlian", &["llj"]);
    check("lewelynjones", &["llj"]);
    // Titles, user names and short words have to be right.
    check("audiotr", &[]);
    check("sobrein", &[]);
    check("ann", &[]);
    // Three steps are too many.
    check("gwnlain", &[]);
}

#[test]
fn a_misspelt_word_is_found_while_it_is_typed() {
    // Two letters swapped, one wrong; from five letters on one missing or too many.
    for typed in
        ["llew", "llwe", "llewle", "llewelly", "llewwel", "lleewel", "lewelly", "gwenlli", "sian dvai"]
    {
        check(typed, if typed == "sian dvai" { &["sian"] } else { &["llj"] });
    }
    // Only the last word is still being typed, and it has to be nearly right.
    check("dvai sian", &[]);
    check("sian dxax", &[]);
    // Three letters fit too much, and titles and user names have to be right.
    check("dva", &[]);
    check("audtio", &[]);
    check("sobrine", &[]);
}

#[test]
fn misspelt_beginnings_are_no_noise_where_anybody_is_found() {
    let index =
        index_of(&[person("whole", "Ann Davies"), person("more", "Bea Davidson"), person("x", "Cat Davie")]);
    // `davids` is one step from `davies`, and so is `davie`; but a beginning is no match where there is a word.
    assert_eq!(found(&index, "davies"), ["whole", "x"]);
    assert_eq!(found(&index, "dvaids"), ["more"]);
    let hits = index.search(&Query::parse("dvaids"), 10, |_| true);
    assert_eq!(hits[0].kind, MatchKind::Fuzzy);
}

#[test]
fn misspelt_words_come_after_all_others_and_only_into_room() {
    let index =
        index_of(&[person("right", "Zoe Jonse"), person("near", "Ann Jones"), person("in", "Bea Ajonsen")]);
    assert_eq!(found(&index, "jonse"), ["right", "in", "near"]);
    let hits = index.search(&Query::parse("jonse"), 10, |_| true);
    assert_eq!(
        hits.iter().map(|hit| hit.kind).collect::<Vec<_>>(),
        [MatchKind::Exact, MatchKind::Infix, MatchKind::Fuzzy]
    );
    assert_eq!(index.search(&Query::parse("jonse"), 2, |_| true).len(), 2);
}

#[test]
fn kinds_then_fields_then_accounts_then_names_decide() {
    let mut people = vec![
        person("prefix", "Parkin Ann"),
        person("infix", "Clopark Ann"),
        person("exact-b", "Park Bea"),
        person("exact-a", "Park Ann"),
        person("inactive", "Park Aaa"),
        person("user", "Una User"),
        person("title", "Tina Title"),
        person("nobody", "Somebody Else"),
    ];
    people[4].profile.active = false;
    people[5].profile.user_name = Some("park".to_owned());
    people[6].profile.title = Some("Park Keeper".to_owned());
    let order = ["exact-a", "exact-b", "inactive", "user", "title", "prefix", "infix"];
    assert_eq!(found(&index_of(&people), "park"), order);
    // The same whatever segments they lie in.
    let mut index = PeopleIndex::default();
    for person in &people {
        let mut builder = Builder::from(&index);
        builder.apply(put(person));
        index = builder.build();
    }
    assert!(index.slots.len() > 1);
    assert_eq!(found(&index, "park"), order);
}

#[test]
fn who_is_invisible_makes_room_for_others_and_is_asked_for_once() {
    let people: Vec<_> = (0..50).map(|at| person(&format!("p{at:02}"), &format!("Park {at:02}"))).collect();
    let index = index_of(&people);
    let mut asked = Vec::new();
    let hits = index.search(&Query::parse("park"), 5, |person| {
        asked.push(person.id().to_owned());
        person.id().ends_with('7')
    });
    assert_eq!(ids(hits.into_iter().map(|hit| hit.person)), ["p07", "p17", "p27", "p37", "p47"]);
    assert_eq!(asked.len(), 48, "nobody is asked for behind the last place");
    let unique: std::collections::BTreeSet<_> = asked.iter().collect();
    assert_eq!(unique.len(), asked.len());
    assert!(index.search(&Query::parse("park"), 0, |_| panic!("nobody is wanted")).is_empty());
    assert!(index.search(&Query::parse(" - "), 5, |_| panic!("nobody matches")).is_empty());
}
