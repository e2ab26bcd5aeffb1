//! The policy, asked about the person in the terms of the system that holds the thing.
//!
//! Rules compare the owner of a thing with the person who asks by a system's own key. So the person who asks is put into
//! the terms of the system in question first: in a directory, their native id there; in a linked system, the key of the
//! one person there who is linked to them. See `gateway/docs/decisions/0008-owners-in-the-terms-of-their-system.md`.

use std::sync::Arc;
use std::time::Duration;

use portico_contract::access::{Facts, Principal, Scope};
use portico_contract::{Error, ErrorKind, NativeId, Retry, SystemKey};
use portico_policy::{Action, Policy, Target};
use portico_schemas::Outcome;

use crate::people::{Identity, Terms};

/// No key of any system: whose it is, is nobody.
pub(crate) const NOBODY: &str = "\0";

/// The policy, for every domain whose things have owners.
pub(crate) struct InTerms {
    policy: Arc<dyn Policy>,
    identity: Option<Identity>,
}

impl InTerms {
    /// Without an identity nobody is the person of anything.
    pub(crate) fn new(policy: Arc<dyn Policy>, identity: Option<Identity>) -> Self {
        Self { policy, identity }
    }

    fn find(&self, who: &Principal, system: &SystemKey) -> Terms {
        self.identity.as_ref().map_or(Terms::Nobody, |identity| identity.terms(who, system))
    }

    /// The person in the terms of one system, for many questions about it. Somebody of whom that is not known is nobody.
    pub(crate) fn terms(&self, who: &Principal, system: &SystemKey) -> Arc<Principal> {
        match self.find(who, system) {
            Terms::Known(there) => there,
            Terms::Nobody | Terms::Unknown => {
                Arc::new(Principal { subject: NOBODY.to_owned(), reports: Default::default(), ..who.clone() })
            }
        }
    }

    /// Refuses where it cannot be said now who the person is in a system: what is theirs would look like nothing.
    ///
    /// # Errors
    /// [`ErrorKind::ConnectionLost`]: 503, to be tried again soon.
    pub(crate) fn check_known(&self, who: &Principal, system: &SystemKey) -> Result<(), Error> {
        match self.find(who, system) {
            Terms::Known(_) | Terms::Nobody => Ok(()),
            Terms::Unknown => Err(unknown(system)),
        }
    }

    /// The person's own key in a system: whose a thing is that they make.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] for somebody who is linked to nobody there, with what to do;
    /// [`ErrorKind::ConnectionLost`] when that is not known now.
    pub(crate) fn own_key(&self, who: &Principal, system: &SystemKey) -> Result<NativeId, Error> {
        match self.find(who, system) {
            Terms::Known(there) => NativeId::new(&there.subject).ok_or_else(|| unlinked(system)),
            Terms::Nobody => Err(unlinked(system)),
            Terms::Unknown => Err(unknown(system)),
        }
    }

    /// Whether somebody who is in the terms of the system already may see a thing.
    pub(crate) fn sees(&self, there: &Principal, target: &Target<'_>, facts: &Facts) -> bool {
        self.policy.allows(there, Action::Read, target, facts)
    }
}

fn unlinked(system: &SystemKey) -> Error {
    let detail = format!(
        "Your account is linked to nobody in `{system}`, so nothing there can be yours. Ask those who run Portico to link \
         it; `portico people links` says why it is not."
    );
    Error::new(ErrorKind::Forbidden, detail)
}

/// It cannot be said now who somebody is in a system.
pub(crate) fn unknown(system: &SystemKey) -> Error {
    let detail = format!(
        "Who you are in `{system}` cannot be found out now: the directory does not answer. Try again soon."
    );
    Error::new(ErrorKind::ConnectionLost, detail)
        .with_outcome(Outcome::NotAttempted)
        .with_retry(Retry::After(Duration::from_secs(5)))
}

impl Policy for InTerms {
    fn scope(&self, who: &Principal, action: Action, target: &Target<'_>) -> Scope {
        self.policy.scope(&self.terms(who, target.system), action, target)
    }

    fn allows(&self, who: &Principal, action: Action, target: &Target<'_>, facts: &Facts) -> bool {
        self.policy.allows(&self.terms(who, target.system), action, target, facts)
    }

    fn permissions(&self, who: &Principal) -> Vec<String> {
        self.policy.permissions(who)
    }
}
