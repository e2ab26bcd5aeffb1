//! Where something new goes, and whose it is: the system, and the person in its terms.

use portico_contract::access::Facts;
use portico_contract::people::PersonLink;
use portico_contract::{CallContext, Error, ErrorKind, NativeId, OperationMeta, SystemKey};
use portico_policy::Action;
use portico_schemas::{FieldError, ResourceType};

use crate::ground::{Ground, claims, not_there, own, words};
use crate::ids::Opening;
use crate::systems::System;

/// What is made, and by which member a body says for whom.
#[derive(Clone, Copy)]
pub(crate) struct Making {
    /// The operation that makes it.
    pub operation: &'static OperationMeta,
    /// Where the body names the person.
    pub pointer: &'static str,
}

impl Making {
    fn resource(self) -> ResourceType {
        self.operation.resource
    }
}

impl Ground {
    /// The system that something new goes to: the named one, or the only one that takes such things.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when none does; [`ErrorKind::InvalidInput`] at `/system` when several do and none is named,
    /// or the named one does not.
    pub(crate) fn taking(&self, making: Making, named: Option<&str>) -> Result<&System, Error> {
        let takes = |system: &&System| claims(system, making.operation);
        let taking: Vec<&System> = self.systems.iter().filter(takes).collect();
        let what = words(making.resource());
        if taking.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, format!("No configured system takes {what}.")));
        }
        let keys: Vec<_> = taking.iter().map(|system| format!("`{}`", system.key())).collect();
        let detail = match named {
            None if taking.len() == 1 => return Ok(taking[0]),
            None => format!("is missing; several systems take {what}: {}", keys.join(", ")),
            Some(named) => {
                let key = SystemKey::new(named);
                match key.and_then(|key| self.systems.get(&key)).filter(takes) {
                    Some(system) => return Ok(system),
                    None => format!("takes no {what}; these do: {}", keys.join(", ")),
                }
            }
        };
        let field = FieldError { detail, pointer: "/system".to_owned() };
        Err(Error::new(ErrorKind::InvalidInput, "The request cannot be used; `errors` names every fault.")
            .with_fields(vec![field]))
    }

    /// Whose something new is: the person who asks, or the named one, for whom a rule has to let them write.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] for somebody who is linked to nobody in the system, or may not write for that person;
    /// [`ErrorKind::InvalidInput`] for an id of nobody; [`ErrorKind::ConnectionLost`] when it cannot be said now who anybody is.
    pub(crate) fn for_whom(
        &self,
        context: &CallContext,
        system: &System,
        making: Making,
        named: Option<&str>,
    ) -> Result<NativeId, Error> {
        let whose = match named {
            None => self.policy.own_key(&context.principal, system.key())?,
            Some(id) => self.other(context, system, making, id)?,
        };
        if self.may_write_for(context, system, making, Some(&whose)) {
            return Ok(whose);
        }
        Err(may_not(making))
    }

    /// The key of somebody else in a system. Whether they are anybody there is only for those who may write for everybody.
    fn other(
        &self,
        context: &CallContext,
        system: &System,
        making: Making,
        id: &str,
    ) -> Result<NativeId, Error> {
        let at = making.pointer;
        let mut opening = Opening::new(&self.seals, &self.systems);
        let natives = match opening.any(ResourceType::Person, id, at) {
            Some((key, person)) if self.links.is_of_record(&key) => {
                let natives = self.links.all_natives(system.key(), &person);
                natives.ok_or_else(|| crate::terms::unknown(system.key()))?
            }
            Some(_) => {
                opening.fault(at, "give the id that the person has in the directory of record");
                Vec::new()
            }
            None => Vec::new(),
        };
        if let [one] = natives.as_slice() {
            return Ok(one.clone());
        }
        if opening.is_good() {
            if !self.may_write_for(context, system, making, None) {
                return Err(may_not(making));
            }
            opening.fault(at, format!("is linked to nobody, or to several, in `{}`", system.key()));
        }
        opening.done()?;
        Err(not_there(ResourceType::Person))
    }

    /// Whether a rule lets the person write for this owner; for `None`, for everybody.
    fn may_write_for(
        &self,
        context: &CallContext,
        system: &System,
        making: Making,
        owner: Option<&NativeId>,
    ) -> bool {
        let mut facts = Facts::default();
        if let Some(id) = owner {
            own(system, &mut facts, &PersonLink { id: id.clone(), display: String::new() });
        }
        self.allows(context, Action::Write, system, making.resource(), &facts)
    }
}

fn may_not(making: Making) -> Error {
    let what = words(making.resource());
    Error::new(ErrorKind::Forbidden, format!("You may not make {what} for this person."))
}
