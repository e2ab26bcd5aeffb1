//! Where writes are on record.

use std::time::Duration;

use portico_settings::StorePlace;
use secrecy::ExposeSecret;

use crate::support::{MINIMAL, faults, folder, load, whole_example};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn it_is_a_file_in_the_data_folder_unless_set() {
    let folder = folder();
    let settings = load(&folder, &format!("[data]\ndir = \"data\"\n{MINIMAL}")).unwrap();
    let StorePlace::Sqlite(path) = settings.store.place else { panic!("not a file") };
    assert_eq!(path, folder.path().join("data/store.sqlite"));
    assert_eq!((settings.store.keep.keys, settings.store.keep.audit), (2 * DAY, 2_557 * DAY));
    let settings = load(&folder, &format!("[store]\npath = \"other/writes.sqlite\"\n{MINIMAL}")).unwrap();
    let StorePlace::Sqlite(path) = settings.store.place else { panic!("not a file") };
    assert_eq!(path, folder.path().join("other/writes.sqlite"));
}

#[test]
fn a_database_reads_as_it_is_written_and_its_password_is_a_secret() {
    let settings = load(&folder(), &whole_example()).unwrap_or_else(|faults| panic!("{faults}"));
    let shown = settings.redacted_toml();
    assert!(shown.contains("*** from file:secrets/store") && !shown.contains("open, database"), "{shown}");
    let StorePlace::Postgres(postgres) = settings.store.place else { panic!("a file") };
    assert_eq!((postgres.host.as_str(), postgres.port), ("db.council.example", 5432));
    assert_eq!(postgres.password.unwrap().expose_secret(), "open, database");
    assert!(postgres.tls && postgres.trust_pem.is_some());
}

#[test]
fn a_socket_is_not_encrypted() {
    let postgres =
        "[store.postgres]\nhost = \"/run/postgresql\"\ndatabase = \"portico\"\nuser = \"portico\"\n";
    let settings = load(&folder(), &format!("{postgres}{MINIMAL}")).unwrap();
    let StorePlace::Postgres(postgres) = settings.store.place else { panic!("a file") };
    assert!(!postgres.tls && postgres.password.is_none());
}

#[test]
fn what_contradicts_itself_is_refused_all_at_once() {
    let text = format!(
        "[store]\npath = \"a.sqlite\"\n\
         [store.postgres]\nhost = \"/run\"\ndatabase = \"p\"\nuser = \"p\"\ntrust_roots = \"tls/council-ca.pem\"\n\
         password = \"file:secrets/nowhere\"\n\
         [store.keep]\nkeys_days = 80\nintents_days = 7\n{MINIMAL}"
    );
    let faults = faults(&text);
    let named: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    let all = ["store.path", "store.postgres.trust_roots", "store.postgres.password", "store.keep.keys_days"];
    assert_eq!(named, all, "{faults}");
}

#[test]
fn a_folder_is_no_file() {
    let faults = faults(&format!("[store]\npath = \"secrets\"\naudit_anchor = \"tls\"\n{MINIMAL}"));
    let named: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(named, ["store.path", "store.audit_anchor"], "{faults}");
}
