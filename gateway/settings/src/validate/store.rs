//! Where writes are on record.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Checker;
use crate::raw;
use crate::settings::{Store, StoreKeep, StorePlace, StorePostgres};

impl Checker<'_> {
    pub(super) fn store(&mut self, data_dir: Option<&Path>) -> Option<Store> {
        let raw: raw::Store = self.rest_of_section(&["store"])?;
        let both = raw.path.is_some() && raw.postgres.is_some();
        if both {
            let help = "leave `store.path` out, or `[store.postgres]`";
            self.refuse::<()>(
                &["store", "path"],
                "the store is a file or a PostgreSQL database, not both",
                help,
            );
        }
        let keep = self.keep(&raw.keep);
        let anchor = raw.audit_anchor.map(|file| self.file(&["store", "audit_anchor"], &file));
        let place = match (raw.postgres, raw.path) {
            (Some(postgres), _) => self.postgres(postgres).map(StorePlace::Postgres),
            (None, Some(file)) => self.file(&["store", "path"], &file).map(StorePlace::Sqlite),
            (None, None) => data_dir.map(|dir| StorePlace::Sqlite(dir.join("store.sqlite"))),
        };
        let audit_anchor = match anchor {
            Some(None) => return None,
            other => other.flatten(),
        };
        Some(Store {
            place: place.filter(|_| !both)?,
            audit_anchor,
            keep: keep?,
            max_waiting: usize::try_from(raw.limits.max_waiting).ok()?,
            max_readers: usize::try_from(raw.limits.max_readers).ok()?,
            reserve_bytes: raw.limits.reserve_mib * 1024 * 1024,
        })
    }

    fn keep(&mut self, raw: &raw::Keep) -> Option<StoreKeep> {
        if raw.keys_days > raw.intents_days {
            let problem = "a key would outlive the write that it stands for";
            return self.refuse(
                &["store", "keep", "keys_days"],
                problem,
                "keep writes (`intents_days`) at least as long as their keys",
            );
        }
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Some(StoreKeep {
            keys: days(raw.keys_days),
            intents: days(raw.intents_days),
            events: days(raw.events_days),
            delegations: days(raw.delegations_days),
            decisions: days(raw.decisions_days),
            audit: days(raw.audit_days),
        })
    }

    fn postgres(&mut self, raw: raw::Postgres) -> Option<StorePostgres> {
        let at = ["store", "postgres"];
        let password = raw.password.map(|reference| self.secret(&[at[0], at[1], "password"], &reference));
        let roots_at = [at[0], at[1], "trust_roots"];
        let trust = raw.trust_roots.map(|file| self.pem(&roots_at, &file));
        let encrypted = raw.tls && !raw.host.starts_with('/');
        if trust.is_some() && !encrypted {
            let problem = "nobody has to be trusted where the connection is not encrypted";
            self.refuse::<()>(&roots_at, problem, "leave it out, or set `tls = true` and name a host");
        }
        Some(StorePostgres {
            host: raw.host,
            port: raw.port,
            database: raw.database,
            user: raw.user,
            password: match password {
                Some(None) => return None,
                other => other.flatten(),
            },
            tls: encrypted,
            trust_pem: match trust {
                Some(None) => return None,
                other => other.flatten(),
            },
        })
    }

    /// A file that may yet have to be made.
    fn file(&mut self, path: &[&str], text: &str) -> Option<PathBuf> {
        let file = PathBuf::from(text);
        if file.is_dir() {
            return self.refuse(path, format!("`{text}` is a folder"), "name a file in it");
        }
        Some(file)
    }
}
