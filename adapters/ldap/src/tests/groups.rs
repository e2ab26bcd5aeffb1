//! The groups of a person.

use portico_contract::ErrorKind;
use portico_contract::people::{Groups, GroupsOf};
use portico_ldap_sim::{Dialect, Options};
use portico_simkit::council::{Council, DEMO_SEED};
use serde_json::json;

use super::place::{simulated, with};

fn names(groups: &Groups) -> Vec<&str> {
    groups.0.iter().map(|group| group.name.as_str()).collect()
}

/// With memberOf and without, the same groups: directly, and through the group of the departments.
#[tokio::test]
async fn groups_are_found_with_member_of_and_without() {
    let council = Council::generate(DEMO_SEED, 60);
    let managers: Vec<_> = council.people.iter().filter_map(|person| person.manager).collect();
    for dialect in [Dialect::OpenLdap, Dialect::ActiveDirectory] {
        for member_of in [true, false] {
            let hows: &[&str] =
                if member_of { &["auto", "search", "attribute"] } else { &["auto", "search"] };
            for how in hows {
                let options = Options { people: 60, member_of, ..Options::new(dialect) };
                let place = with(options, json!({ "groups": { "member_of": how } })).await;
                for index in [0, 1, 40, 59] {
                    let expected = &council.people[index];
                    let person = place.user(&expected.username).await;
                    let groups = place.call(GroupsOf { person: person.id }).await.expect("groups");
                    let mut wanted = vec!["All Staff", "Departments", expected.department];
                    if managers.contains(&index) {
                        wanted.push("Managers");
                    }
                    // OpenLDAP's groups have names without capitals and spaces.
                    let own = |name: &str| match dialect {
                        Dialect::OpenLdap => name.to_lowercase().replace(' ', "-"),
                        Dialect::ActiveDirectory => name.to_owned(),
                    };
                    let mut wanted: Vec<_> = wanted.into_iter().map(own).collect();
                    wanted.sort_unstable();
                    assert_eq!(names(&groups), wanted, "{dialect:?} {member_of} {how} {index}");
                }
            }
        }
    }
}

/// Active Directory gives at most 1,500 values of an attribute at a time; here two.
#[tokio::test]
async fn values_that_come_in_ranges_are_all_read() {
    let options = Options { people: 60, value_limit: 2, ..Options::new(Dialect::ActiveDirectory) };
    let place = with(options, json!({ "groups": { "member_of": "attribute" } })).await;
    let chief = place.user(&Council::generate(DEMO_SEED, 60).people[0].username).await;
    let before = place.server.searches();
    let groups = place.call(GroupsOf { person: chief.id }).await.expect("groups");
    assert_eq!(names(&groups), ["All Staff", "Corporate Services", "Departments", "Managers"]);
    assert!(place.server.searches() - before >= 2);
}

/// Members are named by DN in two ways, or by user name.
#[test]
fn members_are_looked_for_in_every_way_that_groups_name_them() {
    use portico_wire::ldap::Dn;
    let one = Dn::parse("uid=a,dc=b").expect("a name");
    let asked = crate::ops::groups::holds(&[one], Some("a")).shape();
    assert_eq!(asked, "(|(member=?)(uniqueMember=?)(memberUid=?))");
}

#[tokio::test]
async fn nobody_is_in_no_groups() {
    let place = simulated(Dialect::OpenLdap).await;
    let nobody = portico_contract::NativeId::new("00000000-0000-4000-8000-000000000000").expect("short");
    let missing = place.call(GroupsOf { person: nobody }).await;
    assert_eq!(missing.expect_err("nobody").kind(), ErrorKind::NotFound);
}

/// A right must not depend on which groups a limit left out.
#[tokio::test]
async fn groups_that_cannot_be_read_to_the_end_are_an_error() {
    let place = with(
        Options { people: 60, ..Options::new(Dialect::OpenLdap) },
        json!({ "groups": { "base": "ou=nowhere,dc=council,dc=example" } }),
    )
    .await;
    let council = Council::generate(DEMO_SEED, 60);
    let person = place.user(&council.people[3].username).await;
    let failed = place.call(GroupsOf { person: person.id }).await.expect_err("no such place");
    assert_eq!(failed.kind(), ErrorKind::InvalidResponse);
    assert!(failed.detail().contains("groups.base"));
}

/// The group that Active Directory does not name in memberOf.
#[test]
fn the_primary_group_is_the_persons_domain_with_another_number() {
    use portico_wire::ldap::{Dn, Entry};
    let recorded = super::fixtures::entries(include_str!("../../fixtures/samba-ad/04-user.ldif"));
    let sid = crate::ops::groups::primary_group(&recorded[0]).expect("a security id");
    assert_eq!(sid.len(), 28);
    assert_eq!(sid[24..], 513_u32.to_le_bytes());
    let own = recorded[0].first_octets("objectSid").expect("a security id");
    assert_eq!(sid[..24], own[..24]);
    assert_eq!(own[24..], 0x453_u32.to_le_bytes());
    for broken in [vec![], vec![1, 5, 0], vec![0; 11]] {
        let entry = Entry::new(
            Dn::root(),
            vec![("primaryGroupID".into(), vec![b"513".to_vec()]), ("objectSid".into(), vec![broken])],
        );
        assert_eq!(crate::ops::groups::primary_group(&entry), None);
    }
}
