//! `portico people links`, and people of two directories.

use portico_ldap_sim::{Dialect, Options, Sim};

use portico_simkit::council::{Council, DEMO_SEED};

use super::{RULES, Reach};
use crate::support::Site;

/// Staff in one directory, contractors in another; some of them are in both.
async fn two_directories(links: &str) -> (Sim, Sim, Site) {
    let start = async |dialect| Sim::start(Options { people: 40, ..Options::new(dialect) }).await.unwrap();
    let (staff, contractors) = (start(Dialect::OpenLdap).await, start(Dialect::ActiveDirectory).await);
    let mut site = Site::new().with(RULES).with(&format!("[people]\ndirectory = \"staff\"\n{links}"));
    let tables = Reach::of(&staff, Dialect::OpenLdap).tables(site.folder(), "staff")
        + &Reach::of(&contractors, Dialect::ActiveDirectory).tables(site.folder(), "contractors");
    site.replace_systems(&tables);
    site.write();
    (staff, contractors, site)
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_with_the_same_user_name_is_linked_and_strangers_are_not() {
    let (staff, _contractors, site) = two_directories("[[people.links]]\nby = \"userName\"\n").await;
    staff.add("zquux", "Zebedee", "Quuxley").unwrap();
    let run = site.portico(&["people", "links", "--config", "portico.toml", "--unlinked"]);
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("contractors to staff") && said.contains("linked          40"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_could_be_two_people_is_listed_and_linked_to_neither() {
    let links = "[[people.links]]\nby = \"email\"\nsystems = [\"contractors\"]\n";
    let (staff, _contractors, site) = two_directories(links).await;
    let shared = Council::generate(DEMO_SEED, 40).people[3].mail.clone();
    staff.add("zquux", "Zebedee", "Quuxley").unwrap();
    staff.edit("zquux", "mail", &[&shared]).unwrap();
    let run = site.portico(&["people", "links", "--config", "portico.toml"]);
    let said = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("ambiguous        1") && said.contains("ambiguous by email: "), "{said}");
    assert!(said.contains("zquux (Zebedee Quuxley)") && said.contains("; or "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_directories_want_one_of_record() {
    let (_staff, _contractors, mut site) = two_directories("").await;
    let tables = site.systems().to_owned();
    site.replace_systems(&tables);
    let path = site.write();
    let text = std::fs::read_to_string(&path).unwrap().replace("directory = \"staff\"\n", "");
    std::fs::write(&path, text).unwrap();
    let run = site.portico(&["validate", "--config", "portico.toml"]);
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success() && said.contains("`people.directory`"), "{said}");
}
