//! Connections, and the schema.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep_until};
use tokio_postgres::{Config, NoTls};

use super::tls::Tls;
use crate::{Limits, PostgresConfig, StoreError};

/// The schema, one file a version; never changed once released.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_first.sql")];

/// Of the advisory lock under which the schema is changed: "portico1" as a number.
const LOCK: i64 = 0x706F_7274_6963_6F31;

/// How long to leave a server alone that does not answer.
const AGAIN: Duration = Duration::from_millis(100);

/// How long a process that holds the writers' lock may say nothing: one that is frozen must not stop the others for good.
const IDLE: Duration = Duration::from_secs(20);

/// Connections for the readers and for the writer.
pub(super) fn pool(at: &PostgresConfig, limits: &Limits) -> Result<Pool, StoreError> {
    let mut config = Config::new();
    config
        .host(&at.host)
        .port(at.port)
        .dbname(&at.database)
        .user(&at.user)
        .application_name("portico-store")
        .connect_timeout(at.connect_timeout)
        .keepalives_idle(Duration::from_secs(30))
        .options(format!(
            "-c search_path=portico -c statement_timeout={} -c synchronous_commit=on \
             -c idle_in_transaction_session_timeout={}",
            limits.read_timeout.as_millis(),
            IDLE.as_millis()
        ));
    if let Some(password) = &at.password {
        config.password(password.expose_secret());
    }
    // A connection that has died is noticed when it is taken, not when it is used.
    let how = ManagerConfig { recycling_method: RecyclingMethod::Verified };
    let manager = match &at.tls {
        Some(tls) => {
            config.ssl_mode(tokio_postgres::config::SslMode::Require);
            Manager::from_config(config, Tls(tls.clone()), how)
        }
        None => {
            config.ssl_mode(tokio_postgres::config::SslMode::Disable);
            Manager::from_config(config, NoTls, how)
        }
    };
    let pool = Pool::builder(manager)
        .max_size(limits.readers.max(1) + 1)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(limits.read_timeout))
        .create_timeout(Some(at.connect_timeout))
        .recycle_timeout(Some(at.connect_timeout));
    pool.build().map_err(StoreError::unavailable)
}

/// A connection, waited for as long as a server may need to come back.
pub(super) async fn connect(pool: &Pool, patience: Duration) -> Result<Object, StoreError> {
    let give_up = Instant::now() + patience;
    loop {
        match pool.get().await.map_err(StoreError::from) {
            Err(StoreError::Unavailable(_)) if Instant::now() < give_up => {
                sleep_until(Instant::now() + AGAIN).await;
            }
            other => return other,
        }
    }
}

/// Brings the schema up to date in one transaction, one process at a time.
pub(super) async fn migrate(connection: &mut Object) -> Result<(), StoreError> {
    let transaction = connection.transaction().await?;
    // A change of the schema takes as long as it takes.
    transaction.batch_execute("set local statement_timeout = 0").await?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let there =
        transaction.query_one("select to_regclass('portico.schema_version') is not null", &[]).await?;
    let version = match there.try_get(0)? {
        true => transaction.query_one("select version from portico.schema_version", &[]).await?.try_get(0)?,
        false => 0_i32,
    };
    let (found, known) = (u32::try_from(version).unwrap_or(0), MIGRATIONS.len() as u32);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found < known {
        if found == 0 {
            let sql = "create schema if not exists portico; set local search_path to portico; \
                       create table schema_version (version int not null); insert into schema_version values (0)";
            transaction.batch_execute(sql).await?;
        }
        for migration in &MIGRATIONS[found as usize..] {
            transaction.batch_execute(migration).await?;
        }
        transaction.execute("update portico.schema_version set version = $1", &[&(known as i32)]).await?;
    }
    Ok(transaction.commit().await?)
}
