//! The wire between the processes of one PostgreSQL: changes made here are announced by NOTIFY, those made elsewhere are heard by LISTEN.
//!
//! Announcements leave after the commit, in a statement of their own, many changes in one. Within the changing transaction each commit
//! would wait for every other one that notifies (PostgreSQL takes one lock for all), and a crash in between only costs the listeners
//! the time until their next look. What travels is ids of tenants, never data.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

use super::changes::{Change, Listener};
use super::conn::Store;
use super::error::StoreError;
use crate::domain::id::TenantId;

const CHANNEL: &str = "baton_changes";
/// Changes that follow each other closely travel together: at most fifty announcements a second from one process.
const GATHER: Duration = Duration::from_millis(20);
/// A payload has at most 8,000 bytes; past that many tenants it says "any".
const TENANTS_MAX: usize = 200;
/// After an error, so that a database that is away is not asked all the time.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);

/// Carries changes between this process and the others until `stop` becomes true. `origin` tells this process's own announcements.
/// Ends at once on SQLite, whose processes share no wire.
pub async fn carry(store: &Store, origin: u64, mut stop: watch::Receiver<bool>) {
    if store.is_embedded() {
        return;
    }
    let stopped = async {
        // A sender that is gone will never say stop again: the process is ending.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    tokio::select! {
        () = stopped => {}
        () = announce(store, origin) => {}
        () = hear(store, origin) => {}
    }
}

async fn announce(store: &Store, origin: u64) {
    let mut listener = store.changes().listen();
    while let Some(change) = listener.next().await {
        let mut gathered = Gathered::default();
        gathered.add(change);
        sleep(GATHER).await;
        gathered.drain(&mut listener);
        let Some(payload) = gathered.payload(origin) else { continue };
        let told = store.writer().query_sql("select pg_notify($1, $2)", vec![CHANNEL.into(), payload.into()]).await;
        if let Err(error) = told {
            tracing::warn!(error = %error, "changes could not be announced, other servers find them by themselves");
            sleep(RETRY_AFTER).await;
        }
    }
}

/// Changes on their way out.
#[derive(Default)]
struct Gathered {
    tenants: BTreeSet<TenantId>,
    any: bool,
}

impl Gathered {
    /// What others did, they have announced themselves.
    fn add(&mut self, change: Change) {
        match change {
            Change::Here(tenant) => drop(self.tenants.insert(tenant)),
            Change::Elsewhere(_) => {}
            Change::Unknown => self.any = true,
        }
    }

    fn drain(&mut self, listener: &mut Listener) {
        while let Some(change) = listener.try_next() {
            self.add(change);
        }
    }

    fn payload(&self, origin: u64) -> Option<String> {
        if self.any || self.tenants.len() > TENANTS_MAX {
            return Some(format!("{origin:016x} *"));
        }
        let ids: Vec<String> = self.tenants.iter().map(|tenant| tenant.uuid().simple().to_string()).collect();
        (!ids.is_empty()).then(|| format!("{origin:016x} {}", ids.join(" ")))
    }
}

/// What a payload says to a process; nothing if it is its own or of another kind.
fn read(payload: &str, origin: u64) -> Vec<Change> {
    let mut words = payload.split(' ');
    if words.next().is_none_or(|from| from == format!("{origin:016x}")) {
        return Vec::new();
    }
    let change = |word: &str| match word {
        "*" => Some(Change::Unknown),
        id => Uuid::try_parse(id).ok().map(|id| Change::Elsewhere(id.into())),
    };
    words.filter_map(change).collect()
}

async fn hear(store: &Store, origin: u64) {
    let mut is_away = false;
    loop {
        let error = match listen(store).await {
            Ok(mut listener) => {
                if is_away {
                    tracing::info!("changes of other servers are heard again");
                }
                is_away = false;
                // Whatever was announced until now was not heard.
                store.changes().tell(Change::Unknown);
                relay(store, &mut listener, origin).await
            }
            Err(error) => error,
        };
        if !is_away {
            tracing::warn!(error = %error, "changes of other servers are not heard, they are looked for instead");
        }
        is_away = true;
        sleep(RETRY_AFTER).await;
    }
}

/// On a connection of its own: the pool's are for work.
async fn listen(store: &Store) -> Result<PgListener, StoreError> {
    let pool = store.writer().pool().map(sea_orm::DatabaseConnection::get_postgres_connection_pool);
    let pool = pool.ok_or_else(|| StoreError::Schema("a transaction can't listen".to_owned()))?;
    let own = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_WAIT_MAX);
    let own = own.connect_with(pool.connect_options().as_ref().clone()).await.map_err(not_heard)?;
    let mut listener = PgListener::connect_with(&own).await.map_err(not_heard)?;
    listener.listen(CHANNEL).await.map_err(not_heard)?;
    Ok(listener)
}

/// Passes on what is heard, until the connection can't be made again.
async fn relay(store: &Store, listener: &mut PgListener, origin: u64) -> StoreError {
    loop {
        match listener.try_recv().await {
            Ok(Some(notice)) => {
                for change in read(notice.payload(), origin) {
                    store.changes().tell(change);
                }
            }
            // The connection was lost and made again; what was announced in between was not heard.
            Ok(None) => store.changes().tell(Change::Unknown),
            Err(error) => return not_heard(error),
        }
    }
}

fn not_heard(error: sqlx::Error) -> StoreError {
    StoreError::Database(sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-7
    #[test]
    fn a_payload_names_tenants_to_every_process_but_its_own_and_says_any_when_there_are_too_many() {
        let tenant = |number: u128| TenantId(Uuid::from_u128(number));
        let mut gathered = Gathered::default();
        assert_eq!(gathered.payload(7), None);
        gathered.add(Change::Elsewhere(tenant(9)));
        assert_eq!(gathered.payload(7), None, "what was heard is not announced again");
        for number in [1, 2, 1] {
            gathered.add(Change::Here(tenant(number)));
        }
        let payload = gathered.payload(7).unwrap();
        assert_eq!(read(&payload, 7), []);
        assert_eq!(read(&payload, 8), [Change::Elsewhere(tenant(1)), Change::Elsewhere(tenant(2))]);
        for number in 0..=TENANTS_MAX as u128 {
            gathered.add(Change::Here(tenant(number)));
        }
        assert_eq!(read(&gathered.payload(7).unwrap(), 8), [Change::Unknown]);
        assert_eq!(read("of another kind", 8), []);
        gathered.tenants.pop_first();
        assert!(gathered.payload(7).unwrap().len() < 8_000);
    }
}
