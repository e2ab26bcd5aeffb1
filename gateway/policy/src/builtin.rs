//! The rules that come with Portico: by role, by ownership, by management, by unit.

use std::collections::BTreeSet;

use portico_contract::access::{Facts, Principal, Scope};
use portico_schemas::ResourceType;

use crate::{Action, Policy, Rule, Target, Who};

/// Decides by a list of rules that allow. With no rule, nothing is allowed.
#[derive(Debug, Clone, Default)]
pub struct BuiltinPolicy {
    rules: Vec<Rule>,
}

impl BuiltinPolicy {
    /// Decides by these rules; their order does not matter.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    fn covering<'a>(&'a self, action: Action, target: &'a Target<'_>) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(move |rule| {
            rule.actions.contains(&action)
                && rule.resource.is_none_or(|resource| resource == target.resource)
                && rule.systems.as_ref().is_none_or(|systems| systems.contains(target.system))
        })
    }
}

impl Policy for BuiltinPolicy {
    fn scope(&self, who: &Principal, action: Action, target: &Target<'_>) -> Scope {
        let mut scopes = Vec::new();
        for rule in self.covering(action, target) {
            match &rule.who {
                Who::Anyone => return Scope::All,
                Who::Role(role) if who.roles.contains(role) => return Scope::All,
                Who::Role(_) => {}
                Who::Owner => scopes.push(Scope::Owners(BTreeSet::from([who.subject.clone()]))),
                Who::Manager if who.reports.is_empty() => {}
                Who::Manager => scopes.push(Scope::Owners(who.reports.clone())),
                Who::Unit if who.units.is_empty() => {}
                Who::Unit => scopes.push(Scope::Units(who.units.clone())),
                Who::Assignee => {
                    let own = std::iter::once(who.subject.clone());
                    scopes.push(Scope::Assignees(own.chain(who.stands_in_for.iter().cloned()).collect()));
                }
            }
        }
        match scopes.len() {
            0 => Scope::None,
            1 => scopes.swap_remove(0),
            _ => Scope::Any(scopes),
        }
    }

    fn allows(&self, who: &Principal, action: Action, target: &Target<'_>, facts: &Facts) -> bool {
        let classification = facts.classification.unwrap_or(target.default_classification);
        self.covering(action, target).any(|rule| classification <= rule.up_to && holds(&rule.who, who, facts))
    }

    fn permissions(&self, who: &Principal) -> Vec<String> {
        let mine = self.rules.iter().filter(|rule| match &rule.who {
            Who::Role(role) => who.roles.contains(role),
            Who::Manager => !who.reports.is_empty(),
            Who::Unit => !who.units.is_empty(),
            Who::Anyone | Who::Owner | Who::Assignee => true,
        });
        let pairs: BTreeSet<String> = mine
            .flat_map(|rule| {
                let resource = rule.resource.map_or("*", ResourceType::plural);
                rule.actions.iter().map(move |action| format!("{resource}:{}", action.as_str()))
            })
            .collect();
        pairs.into_iter().collect()
    }
}

fn holds(rule: &Who, who: &Principal, facts: &Facts) -> bool {
    let owner = facts.owner.as_ref().map(|owner| &owner.native_id);
    match rule {
        Who::Anyone => true,
        Who::Role(role) => who.roles.contains(role),
        Who::Owner => owner == Some(&who.subject),
        Who::Manager => owner.is_some_and(|owner| who.reports.contains(owner)),
        Who::Assignee => {
            facts.assignees.iter().any(|person| *person == who.subject || who.stands_in_for.contains(person))
        }
        Who::Unit => facts.unit.as_ref().is_some_and(|unit| who.units.contains(unit)),
    }
}

#[cfg(test)]
mod tests;
