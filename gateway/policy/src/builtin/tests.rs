use portico_contract::SystemKey;
use portico_schemas::{Classification, PersonRef};

use super::*;

fn person(subject: &str, roles: &[&str], reports: &[&str]) -> Principal {
    Principal {
        subject: subject.into(),
        display_name: subject.into(),
        person_id: None,
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
        units: BTreeSet::new(),
        reports: reports.iter().map(|r| (*r).to_owned()).collect(),
        stands_in_for: Default::default(),
    }
}

fn owned_by(subject: &str) -> Facts {
    let owner =
        PersonRef { id: None, system: "hr".into(), native_id: subject.into(), display: subject.into() };
    Facts { owner: Some(owner), ..Facts::default() }
}

fn rule(who: Who, actions: &[Action], up_to: Classification) -> Rule {
    Rule {
        name: None,
        resource: Some(ResourceType::Document),
        systems: None,
        actions: actions.iter().copied().collect(),
        who,
        up_to,
    }
}

fn check(policy: &BuiltinPolicy, who: &Principal, action: Action, facts: &Facts, expected: bool) {
    let system = SystemKey::new("contracts").unwrap();
    let target = Target {
        resource: ResourceType::Document,
        system: &system,
        default_classification: Classification::Internal,
    };
    assert_eq!(policy.allows(who, action, &target, facts), expected, "{} {action:?} {facts:?}", who.subject);
    if expected && action == Action::Read {
        assert!(policy.scope(who, action, &target).shows(facts), "a list hides what a single read shows");
    }
}

#[test]
fn nothing_is_allowed_without_a_rule() {
    let nobody = BuiltinPolicy::default();
    check(&nobody, &person("ann", &["staff"], &[]), Action::Read, &Facts::default(), false);
    let system = SystemKey::new("contracts").unwrap();
    let target = Target {
        resource: ResourceType::Document,
        system: &system,
        default_classification: Classification::Public,
    };
    assert_eq!(nobody.scope(&person("ann", &[], &[]), Action::Read, &target), Scope::None);
}

#[test]
fn a_role_opens_its_actions_and_no_others() {
    let policy =
        BuiltinPolicy::new(vec![rule(Who::Role("staff".into()), &[Action::Read], Classification::Internal)]);
    check(&policy, &person("ann", &["staff"], &[]), Action::Read, &Facts::default(), true);
    check(&policy, &person("ann", &["staff"], &[]), Action::Write, &Facts::default(), false);
    check(&policy, &person("ann", &["guest"], &[]), Action::Read, &Facts::default(), false);
}

#[test]
fn owners_and_their_managers_see_what_others_do_not() {
    let rules = [Who::Owner, Who::Manager].map(|who| rule(who, &[Action::Read], Classification::Restricted));
    let policy = BuiltinPolicy::new(rules.into());
    check(&policy, &person("ann", &[], &[]), Action::Read, &owned_by("ann"), true);
    check(&policy, &person("bo", &[], &["ann"]), Action::Read, &owned_by("ann"), true);
    check(&policy, &person("cy", &[], &["dee"]), Action::Read, &owned_by("ann"), false);
    check(&policy, &person("ann", &[], &[]), Action::Read, &Facts::default(), false);
}

#[test]
fn a_rule_does_not_reach_above_its_classification() {
    let policy = BuiltinPolicy::new(vec![rule(Who::Anyone, &[Action::Read], Classification::Internal)]);
    let secret = Facts { classification: Some(Classification::Confidential), ..Facts::default() };
    check(&policy, &person("ann", &[], &[]), Action::Read, &secret, false);
    check(&policy, &person("ann", &[], &[]), Action::Read, &Facts::default(), true);
}

#[test]
fn permissions_name_what_a_person_may_do() {
    let policy = BuiltinPolicy::new(vec![
        rule(Who::Role("records".into()), &[Action::Read, Action::Write], Classification::Internal),
        rule(Who::Anyone, &[Action::Read], Classification::Internal),
    ]);
    assert_eq!(policy.permissions(&person("ann", &[], &[])), ["documents:read"]);
    assert_eq!(policy.permissions(&person("bo", &["records"], &[])), ["documents:read", "documents:write"]);
}
