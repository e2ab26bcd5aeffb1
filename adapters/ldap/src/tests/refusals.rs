//! A directory that refuses, hangs or lies.

use std::time::Duration;

use portico_contract::people::{FindPeople, ListPeople, PersonKey};
use portico_contract::{CallContext, ErrorKind, Handler, Retry};
use portico_ldap_sim::{Dialect, Fault, On, Options};
use serde_json::json;

use super::place::{query, simulated, with};

fn find(name: &str) -> FindPeople {
    FindPeople { key: PersonKey::UserName, value: name.to_owned() }
}

/// One try, and the account is not locked.
#[tokio::test]
async fn refused_credentials_are_tried_once() {
    for dialect in [Dialect::OpenLdap, Dialect::ActiveDirectory] {
        let place = simulated(dialect).await;
        let files = tempfile::tempdir().expect("a folder");
        let wrong = files.path().join("wrong");
        std::fs::write(&wrong, "wrong").expect("a file");
        let place = with(
            Options { people: 10, ..Options::new(dialect) },
            json!({ "password": format!("file:{}", wrong.display()), "bind_dn": place.server.bind_dn }),
        )
        .await;
        let refused = place.call(ListPeople { query: query(5) }).await.expect_err("a wrong password");
        assert_eq!((refused.kind(), refused.retry()), (ErrorKind::CredentialsRefused, Retry::Never));
        assert!(refused.detail().contains("password"), "{}", refused.detail());
        assert_eq!(place.server.binds(), 1, "{dialect:?}");
    }
}

#[tokio::test]
async fn active_directory_takes_no_password_in_the_clear() {
    let place = simulated(Dialect::ActiveDirectory).await;
    let plain = Options { people: 10, ..Options::new(Dialect::ActiveDirectory) };
    drop(place);
    let place = with(plain, json!({})).await;
    let url = place.server.url();
    let (bind, base) = (place.server.bind_dn.clone(), place.server.people_base.clone());
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &place.server.bind_password).expect("a file");
    let settings = json!({
        "dialect": "activeDirectory",
        "urls": [url],
        "bind_dn": bind,
        "password": format!("file:{}", file.path().display()),
        "people": { "base": base },
    });
    let read = crate::settings::read(settings).map_err(|faults| format!("{faults:?}")).expect("settings");
    let key = portico_contract::SystemKey::new("people").expect("a key");
    let directory = crate::directory::Directory::new(key, read);
    let refused = directory.handle(&super::place::context(), &find("anybody")).await.expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::CredentialsRefused);
    assert!(refused.detail().contains("protected"), "{}", refused.detail());
}

#[tokio::test]
async fn what_comes_from_a_hostile_directory_is_an_error_of_its_own() {
    let place = simulated(Dialect::OpenLdap).await;
    for (fault, kinds) in [
        (Fault::Garbage, &[ErrorKind::InvalidResponse, ErrorKind::ConnectionLost][..]),
        (Fault::NestingBomb(30_000), &[ErrorKind::InvalidResponse, ErrorKind::LimitExceeded]),
        (Fault::HugeFrame(1 << 40), &[ErrorKind::InvalidResponse, ErrorKind::LimitExceeded]),
        (Fault::Drop, &[ErrorKind::ConnectionLost]),
        (Fault::Busy, &[ErrorKind::RateLimited]),
        (Fault::Unavailable, &[ErrorKind::BackendStatus]),
    ] {
        place.server.fault(On::Search, fault);
        for _ in 0..2 {
            let failed = place.call(find("anybody")).await.expect_err("a fault");
            assert!(kinds.contains(&failed.kind()), "{fault:?}: {failed:?}");
        }
    }
    place.server.fault(On::Search, Fault::None);
    assert_eq!(place.all(query(50)).await.len(), 60);
}

#[tokio::test]
async fn a_list_is_never_short_because_the_server_went_away() {
    let place = with(
        Options { people: 300, ..Options::new(Dialect::OpenLdap) },
        json!({ "limits": { "page_size": 50 } }),
    )
    .await;
    place.server.fault(On::Search, Fault::DropAfter(20));
    let failed = place.call(ListPeople { query: query(200) }).await.expect_err("cut");
    assert_eq!(failed.kind(), ErrorKind::ConnectionLost);
}

#[tokio::test]
async fn a_directory_that_hangs_costs_no_more_than_the_deadline() {
    let place = simulated(Dialect::OpenLdap).await;
    place.server.fault(On::Search, Fault::Hang);
    let context = CallContext::internal("test", Duration::from_millis(400));
    let failed = place.directory.handle(&context, &find("anybody")).await.expect_err("silence");
    assert_eq!(failed.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_base_that_is_not_there_is_not_an_empty_list() {
    let nowhere = json!({ "people": { "base": "ou=nowhere,dc=council,dc=example" } });
    let place = with(Options { people: 10, ..Options::new(Dialect::OpenLdap) }, nowhere).await;
    for failed in [
        place.call(ListPeople { query: query(5) }).await.map(|_| ()),
        place.call(find("anybody")).await.map(|_| ()),
    ] {
        let failed = failed.expect_err("nowhere");
        assert_eq!(failed.kind(), ErrorKind::InvalidResponse);
        assert!(failed.detail().contains("people.base"));
    }
}
