//! The life of intents against a naive model of it.

use std::collections::HashMap;
use std::time::Duration;

use portico_store::{Begun, IntentId, IntentQuery, IntentState, Outcome, Settled, Settlement, Store};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::{intent, on_both};

#[derive(Debug, Clone)]
enum Step {
    /// With this key and this body; whether the lease is over at once.
    Begin {
        key: u8,
        body: u8,
        over: bool,
    },
    Sent(usize),
    Settle(usize, Outcome),
    Due,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Confirmed { native_id: Some("7".into()) }),
        any::<bool>()
            .prop_map(|release_key| Outcome::Refused { problem: json!({ "status": 409 }), release_key }),
        Just(Outcome::Unknown { problem: None, look_after: Duration::ZERO }),
        Just(Outcome::Unknown { problem: None, look_after: Duration::from_secs(3_600) }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8, 0..2_u8, any::<bool>()).prop_map(|(key, body, over)| Step::Begin { key, body, over }),
        1 => (0..8_usize).prop_map(Step::Sent),
        4 => ((0..8_usize), outcome()).prop_map(|(which, outcome)| Step::Settle(which, outcome)),
        1 => Just(Step::Due),
    ]
}

/// Everything that is known of an intent, in the plainest way.
#[derive(Debug, Clone)]
struct Known {
    id: IntentId,
    body: u8,
    state: IntentState,
    lease_over: bool,
    due: bool,
}

#[derive(Default)]
struct Model {
    intents: Vec<Known>,
    keys: HashMap<u8, usize>,
    audited: u64,
}

impl Model {
    async fn step(&mut self, store: &Store, step: Step) {
        match step {
            Step::Begin { key, body, over } => self.begin(store, key, body, over).await,
            Step::Sent(which) => {
                let Some(known) = self.intents.get_mut(which) else { return };
                store.note_sent(known.id);
                if known.state == IntentState::Accepted {
                    known.state = IntentState::Sent;
                }
            }
            Step::Settle(which, outcome) => self.settle(store, which, outcome).await,
            Step::Due => {
                let mut taken: Vec<_> = store
                    .due(100, Duration::from_secs(3_600))
                    .await
                    .unwrap()
                    .iter()
                    .map(|one| one.id)
                    .collect();
                taken.sort();
                let mut wanted: Vec<_> =
                    self.intents.iter().filter(|one| one.due).map(|one| one.id).collect();
                wanted.sort();
                assert_eq!(taken, wanted);
                self.intents.iter_mut().for_each(|one| one.due = false);
            }
        }
    }

    async fn begin(&mut self, store: &Store, key: u8, body: u8, over: bool) {
        let mut new = intent(&format!("key {key}"), &format!("body {body}"));
        if over {
            new.lease = Duration::ZERO;
        }
        let id = new.id;
        let answer = store.begin_intent(new).await.unwrap();
        let Some(earlier) = self.keys.get(&key).map(|which| &self.intents[*which]) else {
            assert!(matches!(&answer, Begun::New(intent) if intent.id == id), "{answer:?}");
            self.keys.insert(key, self.intents.len());
            let state = IntentState::Accepted;
            self.intents.push(Known { id, body, state, lease_over: over, due: over });
            self.audited += 1;
            return;
        };
        let under_way =
            !earlier.lease_over && matches!(earlier.state, IntentState::Accepted | IntentState::Sent);
        match answer {
            Begun::OtherPayload => assert_ne!(earlier.body, body),
            Begun::InFlight(intent) => {
                assert!(
                    earlier.body == body
                        && under_way
                        && intent.id == earlier.id
                        && intent.state == earlier.state
                );
            }
            Begun::Repeated(intent) => {
                assert!(
                    earlier.body == body
                        && !under_way
                        && intent.id == earlier.id
                        && intent.state == earlier.state
                );
            }
            Begun::New(_) => panic!("the key was taken"),
        }
    }

    async fn settle(&mut self, store: &Store, which: usize, outcome: Outcome) {
        let Some(known) = self.intents.get_mut(which) else { return };
        let answer = store.settle(known.id, Settlement::of_call(outcome.clone())).await.unwrap();
        let stays = match known.state {
            IntentState::Confirmed | IntentState::Refused => true,
            IntentState::Unknown => outcome.state() == IntentState::Unknown,
            IntentState::Accepted | IntentState::Sent => false,
        };
        assert_eq!(matches!(answer, Settled::Already(_)), stays, "{known:?} {outcome:?}");
        if !stays {
            known.state = outcome.state();
            known.due = matches!(outcome, Outcome::Unknown { look_after: Duration::ZERO, .. });
            self.audited += 1;
            if matches!(outcome, Outcome::Refused { release_key: true, .. }) {
                self.keys.retain(|_, holder| *holder != which);
            }
        }
        assert_eq!(answer.into_intent().state, known.state);
    }

    async fn compare(&self, store: &Store) {
        // Notes are on their way until the next commit.
        store.check().await.unwrap();
        let mut there =
            store.intents(&IntentQuery { limit: 1_000, ..Default::default() }).await.unwrap().items;
        there.reverse();
        let there: Vec<_> = there.iter().map(|intent| (intent.id, intent.state)).collect();
        assert_eq!(there, self.intents.iter().map(|one| (one.id, one.state)).collect::<Vec<_>>());
        let portico_store::Verified::Intact { anchor, .. } = store.audit_verify(None).await.unwrap() else {
            panic!()
        };
        assert_eq!(anchor.count, self.audited);
    }
}

#[test]
fn intents_live_as_a_naive_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let steps = proptest::collection::vec(step(), 1..40);
    let checked = runner.run(&steps, |steps| {
        runtime.block_on(on_both(async |store| {
            let mut model = Model::default();
            for step in steps.clone() {
                model.step(&store, step).await;
            }
            model.compare(&store).await;
        }));
        Ok(())
    });
    checked.unwrap();
}
