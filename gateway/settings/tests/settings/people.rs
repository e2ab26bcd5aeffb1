//! The directory of record.

use std::time::Duration;

use portico_contract::people::PersonKey;

use crate::support::{MINIMAL, faults, folder, load, whole_example};

fn with_directories(keys: &[&str], people: &str) -> String {
    let directory = |key: &&str| {
        format!(
            "[systems.{key}]\ntitle = \"Directory\"\nadapter = \"ldap\"\n\
             owner = {{ team = \"IT\", contact = \"4400\", hours = \"8 to 18\" }}\n\
             settings = {{ dialect = \"openldap\", urls = [\"ldap://127.0.0.1\"], password = \"file:secrets/staff\", people = {{ base = \"o=x\" }} }}\n"
        )
    };
    format!("{people}\n{MINIMAL}\n{}", keys.iter().map(directory).collect::<String>())
}

fn record(text: &str) -> Option<String> {
    let settings = load(&folder(), text).unwrap_or_else(|faults| panic!("{faults}"));
    settings.people.directory.map(|key| key.to_string())
}

#[test]
fn the_only_directory_is_the_directory_of_record() {
    assert_eq!(record(MINIMAL), None);
    assert_eq!(record(&with_directories(&["staff"], "")), Some("staff".to_owned()));
}

#[test]
fn of_several_directories_one_is_named() {
    let named = "[people]\ndirectory = \"staff\"";
    assert_eq!(record(&with_directories(&["contractors", "staff"], named)), Some("staff".to_owned()));
    let faults = faults(&with_directories(&["contractors", "staff"], "")).to_string();
    assert!(faults.contains("`contractors`, `staff`"), "{faults}");
}

#[test]
fn what_is_named_has_to_be_a_directory() {
    let faults = faults(&with_directories(&["staff"], "[people]\ndirectory = \"stuff\"")).to_string();
    assert!(faults.contains("portico.toml:2:") && faults.contains("did you mean `staff`?"), "{faults}");
}

#[test]
fn a_link_names_configured_systems() {
    let links = "[[people.links]]\nby = \"email\"\nsystems = [\"staff\", \"nowhere\"]";
    let faults = faults(&with_directories(&["staff"], links)).to_string();
    assert!(faults.contains("`people.links[0].systems[1]`"), "{faults}");
}

#[test]
fn the_example_reads_as_it_is_written() {
    let people = load(&folder(), &whole_example()).unwrap_or_else(|faults| panic!("{faults}")).people;
    assert_eq!(people.directory.unwrap().as_str(), "staff");
    assert_eq!(people.subject, PersonKey::UserName);
    assert_eq!(people.roles["finance"].iter().collect::<Vec<_>>(), ["Finance approvers"]);
    assert_eq!(people.changes_every, Duration::from_secs(60));
    assert_eq!(people.everything_every, Duration::from_secs(6 * 3600));
    let by: Vec<_> = people.links.iter().map(|link| link.by).collect();
    assert_eq!(by, [PersonKey::EmployeeNumber, PersonKey::Email]);
}
