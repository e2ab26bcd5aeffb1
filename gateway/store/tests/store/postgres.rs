//! What holds for PostgreSQL only: several processes, a server that goes and comes back, a commit whose answer is lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use portico_servers::Product;
use portico_store::{
    Begun, IntentId, IntentQuery, IntentState, PostgresConfig, Store, StoreConfig, StoreError, Verified,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{actor, at, begun, confirmed, connect, intent, new_database, server};

async fn open(at: PostgresConfig) -> Store {
    Store::open(&StoreConfig::postgres(at)).await.unwrap()
}

#[tokio::test]
async fn two_processes_share_one_chain_one_set_of_keys_and_no_intent_to_reconcile() {
    let Some(server) = server() else { return };
    let at = new_database(server).await;
    // Both come at once to an empty database.
    let (one, other) = tokio::join!(open(at.clone()), open(at));
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let store = if number % 2 == 0 { one.clone() } else { other.clone() };
            tokio::spawn(async move {
                let mut new = intent(&format!("k{}", number / 2), "body");
                new.lease = Duration::ZERO;
                matches!(store.begin_intent(new).await.unwrap(), Begun::New(_))
            })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += usize::from(task.await.unwrap());
    }
    assert_eq!(new, 30, "every key was taken by one of the two");
    let lease = Duration::from_secs(60);
    let (of_one, of_other) = tokio::join!(one.due(20, lease), other.due(20, lease));
    let mut taken: Vec<IntentId> =
        of_one.unwrap().iter().chain(&of_other.unwrap()).map(|one| one.id).collect();
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 30);
    let Verified::Intact { anchor, .. } = one.audit_verify(None).await.unwrap() else { panic!() };
    assert_eq!(anchor.count, 30);
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_later_schema_is_refused_and_a_restored_database_waits() {
    let Some(server) = server() else { return };
    let at = new_database(server).await;
    open(at.clone()).await.close().await;
    let meddler = connect(server, &at.database).await;
    meddler.batch_execute("update portico.chain set closed = true").await.unwrap();
    let store = open(at.clone()).await;
    assert!(store.is_closed());
    assert!(matches!(store.begin_intent(intent("k", "body")).await, Err(StoreError::Closed)));
    store.accept_gap(actor()).await.unwrap();
    begun(&store, intent("k", "body")).await;
    let error = store.backup("anywhere".as_ref()).await.unwrap_err();
    assert!(error.to_string().contains("pg_dump"), "{error}");
    store.close().await;
    meddler.batch_execute("update portico.schema_version set version = 99").await.unwrap();
    let newer = Store::open(&StoreConfig::postgres(at.clone())).await;
    assert!(matches!(newer, Err(StoreError::Newer { found: 99, known: 1 })));
    let wrong = PostgresConfig { password: Some("wrong".into()), ..at };
    assert!(matches!(Store::open(&StoreConfig::postgres(wrong)).await, Err(StoreError::Invalid(_))));
}

#[tokio::test]
async fn a_full_disk_of_the_server_and_a_read_only_one_are_told_and_pass() {
    let Some(server) = server() else { return };
    let at = new_database(server).await;
    let store = open(at.clone()).await;
    let meddler = connect(server, &at.database).await;
    for (code, is_it) in [
        ("53100", (|error| matches!(error, StoreError::Full)) as fn(&StoreError) -> bool),
        ("25006", |error| matches!(error, StoreError::NotWritable(_))),
        ("XX001", |error| matches!(error, StoreError::Corrupt(_))),
        ("53300", |error| matches!(error, StoreError::Unavailable(_))),
    ] {
        let sql = format!(
            "create or replace function portico.fails() returns trigger language plpgsql as \
             $$ begin raise sqlstate '{code}'; end $$; \
             create trigger fails before insert on portico.intents execute function portico.fails()"
        );
        meddler.batch_execute(&sql).await.unwrap();
        let error = store.begin_intent(intent(code, "body")).await.unwrap_err();
        assert!(is_it(&error), "{code}: {error}");
        meddler.batch_execute("drop trigger fails on portico.intents").await.unwrap();
        begun(&store, intent(code, "body")).await;
    }
    assert!(matches!(store.audit_verify(None).await.unwrap(), Verified::Intact { .. }));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_restarted_and_killed_under_load_loses_nothing_acknowledged() {
    let Some(mut server) = portico_servers::for_test(Product::Postgres) else { return };
    let mut config = at(&server, "postgres");
    config.connect_timeout = Duration::from_secs(20);
    let store = open(config).await;
    let over = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (store, over) = (store.clone(), over.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let Ok(Begun::New(made)) =
                        store.begin_intent(intent(&format!("{task}/{number}"), "body")).await
                    else {
                        continue;
                    };
                    acknowledged.push((made.id, IntentState::Accepted));
                    if store.settle(made.id, confirmed()).await.is_ok() {
                        acknowledged.push((made.id, IntentState::Confirmed));
                    }
                }
                acknowledged
            })
        })
        .collect();
    for round in 0..4 {
        let before = store.status().writes;
        let goes_on = async {
            while store.status().writes < before + 200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), goes_on).await.expect("it does not come back");
        server = tokio::task::spawn_blocking(move || {
            if round % 2 == 0 {
                server.kill().unwrap();
            } else {
                server.stop();
            }
            server.start_again().unwrap();
            server
        })
        .await
        .unwrap();
    }
    over.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    begun(&store, intent("afterwards", "body")).await;
    for (id, state) in &acknowledged {
        let there = store.intent(*id).await.unwrap().unwrap_or_else(|| panic!("{id} is lost"));
        assert!(
            there.state == *state || *state == IntentState::Accepted,
            "{id} was {state} and is {}",
            there.state
        );
    }
    assert!(matches!(store.audit_verify(None).await.unwrap(), Verified::Intact { .. }));
    println!("{} acknowledgements over 4 restarts", acknowledged.len());
    store.close().await;
}

/// What a relay does with the next commit.
const PASS: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;

/// Forwards to the server, and cuts the connection at a commit: before the server has it, or after it answered.
async fn relay(server: SocketAddr, mode: Arc<AtomicU8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let mode = mode.clone();
            tokio::spawn(async move { drop(forward(client, server, &mode).await) });
        }
    });
    addr
}

async fn forward(mut client: TcpStream, server: SocketAddr, mode: &AtomicU8) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let asked = &asked[..read?];
                let commits = asked.windows(6).any(|word| word == b"COMMIT");
                match if commits { mode.swap(PASS, Ordering::SeqCst) } else { PASS } {
                    CUT_BEFORE => return Ok(()),
                    CUT_AFTER => {
                        server.write_all(asked).await?;
                        assert!(server.read(&mut answered).await? > 0, "the server went by itself");
                        return Ok(());
                    }
                    _ => {}
                }
                if asked.is_empty() { return Ok(()) }
                server.write_all(asked).await?;
            }
            read = server.read(&mut answered) => {
                let answered = &answered[..read?];
                if answered.is_empty() { return Ok(()) }
                client.write_all(answered).await?;
            }
        }
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_looked_up_before_anything_is_written_again() {
    let Some(server) = server() else { return };
    let mut at = new_database(server).await;
    let mode = Arc::new(AtomicU8::new(PASS));
    at.port = relay(server.addr, mode.clone()).await.port();
    let store = open(at).await;
    for (number, cut) in [CUT_BEFORE, CUT_AFTER, CUT_AFTER, CUT_BEFORE].into_iter().enumerate() {
        store.check().await.unwrap();
        mode.store(cut, Ordering::SeqCst);
        // It is new both times: not refused as unavailable, and not found in flight by its own second attempt.
        begun(&store, intent(&format!("k{number}"), "body")).await;
        assert_eq!(mode.load(Ordering::SeqCst), PASS, "no commit was cut");
    }
    let there = store.intents(&IntentQuery::default()).await.unwrap().items;
    assert_eq!(there.len(), 4);
    let Verified::Intact { anchor, .. } = store.audit_verify(None).await.unwrap() else { panic!() };
    assert_eq!(anchor.count, 4);
    store.close().await;
}
