//! The way to what is on record, whether the gateway runs or not.
//!
//! Reading never goes through the gateway: a SQLite file is read beside it, a database has room for both. Writing to a
//! SQLite file that the gateway has open goes through its operations port, because a file has one writer.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use portico_contract::AdapterKind;
use portico_settings::{Settings, StorePlace};
use portico_store::{Store, StoreError};

use crate::command::load;
use crate::{serve, store};

/// Reads the configuration, opens the store for reading, and works on it.
pub fn with_store<T>(
    files: &[PathBuf],
    kinds: &[&AdapterKind],
    work: impl AsyncFnOnce(Settings, Store) -> Result<T>,
) -> Result<T> {
    let settings = load(files, None, kinds)?;
    serve::runtime(std::num::NonZeroUsize::MIN)?.block_on(async {
        let store = to_read(&settings).await?;
        work(settings, store).await
    })
}

/// Opens the store for reading. It is not made.
pub async fn to_read(settings: &Settings) -> Result<Store> {
    exists(settings)?;
    let store = Store::open_to_read(&store::config(&settings.store)?).await;
    store.with_context(|| cannot(settings))
}

/// Opens the store for writing; `None` when a gateway has it open.
pub async fn to_write(settings: &Settings) -> Result<Option<Store>> {
    exists(settings)?;
    match Store::open(&store::config(&settings.store)?).await {
        Ok(store) => Ok(Some(store)),
        Err(StoreError::Locked(_)) => Ok(None),
        Err(error) => Err(error).with_context(|| cannot(settings)),
    }
}

fn cannot(settings: &Settings) -> String {
    format!("the store {} cannot be opened", store::name(&settings.store))
}

fn exists(settings: &Settings) -> Result<()> {
    match &settings.store.place {
        StorePlace::Sqlite(path) if !path.exists() => {
            bail!("there is no store at {}: the gateway makes it when it starts", path.display())
        }
        _ => Ok(()),
    }
}
