//! What is on record after everything, compared with what callers were told and with what Odoo holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use portico_odoo_sim::Sim as Odoo;
use portico_store::{
    AuditEntry, AuditQuery, Begun, Intent, IntentId, IntentQuery, IntentState, NewIntent, Store, StoreConfig,
    Verified,
};

use super::sheets;

/// What a caller was told about one claim.
#[derive(Debug, Clone)]
pub struct Told {
    pub subject: String,
    /// Without its quotes.
    pub key: String,
    pub title: String,
    /// The best answer: 200 or 201 for "done", 202 for "under way"; `None` when no good one came.
    pub status: Option<u16>,
}

/// Everything that the store holds of the writes.
pub struct Record {
    intents: Vec<Intent>,
    audit: Vec<AuditEntry>,
    /// The ids of what was announced; that of a write is the id of its intent.
    announced: BTreeSet<String>,
    /// Writes whose key is still known.
    keyed: BTreeSet<IntentId>,
    intact: bool,
}

impl Record {
    /// Of a store that nobody else has open.
    pub async fn read(file: &Path) -> Self {
        let store = Store::open(&StoreConfig::sqlite(file)).await.unwrap();
        let record = Self::of(&store).await;
        store.close().await;
        record
    }

    pub async fn of(store: &Store) -> Self {
        let mut intents = Vec::new();
        let mut query = IntentQuery { limit: 500, ..IntentQuery::default() };
        loop {
            let page = store.intents(&query).await.unwrap();
            query.after = page.items.last().map(|intent| intent.id);
            intents.extend(page.items);
            if !page.more {
                break;
            }
        }
        let mut audit: Vec<AuditEntry> = Vec::new();
        let mut query = AuditQuery { limit: 500, ..AuditQuery::default() };
        loop {
            let page = store.audit_page(&query).await.unwrap();
            query.after = page.items.last().map_or(query.after, |entry| entry.seq);
            audit.extend(page.items);
            if !page.more {
                break;
            }
        }
        let (mut announced, mut after) = (BTreeSet::new(), 0);
        loop {
            let page = store.outbox_pending(after, 500).await.unwrap();
            after = page.items.last().map_or(after, |event| event.seq);
            announced.extend(page.items.iter().map(|event| event.event.id.to_string()));
            if !page.more {
                break;
            }
        }
        let mut keyed = BTreeSet::new();
        let intact = matches!(store.audit_verify(None).await.unwrap(), Verified::Intact { .. });
        for intent in &intents {
            if key_is_known(store, intent).await {
                keyed.insert(intent.id);
            }
        }
        Self { intents, audit, announced, keyed, intact }
    }

    pub fn in_state(&self, state: IntentState) -> usize {
        self.intents.iter().filter(|intent| intent.state == state).count()
    }

    fn has_audit(&self, intent: &Intent, kind: &str) -> bool {
        self.audit.iter().any(|entry| entry.intent == Some(intent.id) && entry.kind == kind)
    }

    /// Everything that is not as promised.
    pub fn faults(&self, told: &[Told], odoo: &Odoo) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.intact {
            faults.push("the audit trail is broken".to_owned());
        }
        let by_key: BTreeMap<_, _> = self
            .intents
            .iter()
            .filter(|intent| intent.target.action == "expenses create_report")
            .map(|intent| ((intent.key.subject.as_str(), intent.key.key.as_str()), intent))
            .collect();
        for told in told {
            let there = sheets(odoo, &told.title);
            if there > 1 {
                faults.push(format!("{}: Odoo has {there}", told.title));
            }
            let Some(status) = told.status else { continue };
            let Some(intent) = by_key.get(&(told.subject.as_str(), told.key.as_str())) else {
                faults.push(format!("{}: answered {status} and not on record", told.title));
                continue;
            };
            let mut want = |holds: bool, what: &str| {
                if !holds {
                    faults.push(format!("{}: answered {status}, but {what}", told.title));
                }
            };
            want(self.keyed.contains(&intent.id), "its key is forgotten");
            want(self.has_audit(intent, "write.accepted"), "it was not audited");
            if status != 202 {
                want(there == 1, "Odoo does not have it");
                want(intent.state == IntentState::Confirmed, "it is not confirmed");
                want(self.has_audit(intent, "write.confirmed"), "its outcome was not audited");
                want(self.announced.contains(&intent.id.to_string()), "it was not announced");
            }
        }
        for intent in &self.intents {
            let there = odoo.external(&format!("portico.{}", intent.id.marker())).is_some();
            let right = match intent.state {
                IntentState::Confirmed => there,
                IntentState::Refused => !there,
                // In front of a person, and looked for.
                IntentState::Unknown => intent.next_look.is_some(),
                IntentState::Accepted | IntentState::Sent => false,
            };
            if !right {
                faults.push(format!("{} is {}, and in Odoo: {there}", intent.id, intent.state));
            }
        }
        faults
    }
}

/// Whether the same request with the same key is recognised.
async fn key_is_known(store: &Store, intent: &Intent) -> bool {
    let again = NewIntent {
        id: IntentId::new(),
        key: intent.key.clone(),
        digest: intent.digest,
        target: intent.target.clone(),
        actor: intent.actor.clone(),
        expected: intent.expected.clone(),
        lease: Duration::from_secs(60),
        trace: intent.trace.clone(),
        decision: None,
        events: Vec::new(),
    };
    match store.begin_intent(again).await.unwrap() {
        Begun::Repeated(known) | Begun::InFlight(known) => known.id == intent.id,
        Begun::New(_) | Begun::OtherPayload => false,
    }
}
