//! Connections: one writer and many readers on SQLite, one pool on PostgreSQL, and the transactions on them.
//!
//! Only `actions` and `jobs` begin a transaction.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    ExecResult, IsolationLevel, QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    Value,
};

use super::changes::{Change, Changes, Touched};
use super::error::StoreError;
use crate::domain::id::TenantId;

/// A database, by whichever connections suit it.
#[derive(Clone)]
pub struct Store {
    reader: Conn,
    writer: Conn,
}

/// What a statement runs on: a pool or an open transaction. Counts the statements that pass.
#[derive(Clone)]
pub struct Conn {
    inner: Inner,
    statements: Arc<AtomicU64>,
    changes: Changes,
}

#[derive(Clone)]
enum Inner {
    Pool(DatabaseConnection),
    Tx(Arc<DatabaseTransaction>, Touched),
}

/// An open write transaction; rolled back when dropped without [`Tx::commit`].
pub struct Tx {
    conn: Conn,
    transaction: Arc<DatabaseTransaction>,
    touched: Touched,
}

/// How long a statement waits for SQLite's one writer or for a free connection before it is an error.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Readers on SQLite: a few, so that long reads leave some free; with more than two for each core they wait for each other's turn there.
fn sqlite_readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(cores * 2).unwrap_or(u32::MAX).clamp(4, 8)
}

impl Store {
    /// Opens `sqlite://path` (made if missing) or `postgres://…`.
    pub async fn connect(url: &str, connections_max: u32) -> Result<Self, StoreError> {
        let statements = Arc::new(AtomicU64::new(0));
        let changes = Changes::new();
        let conn =
            |pool| Conn { inner: Inner::Pool(pool), statements: Arc::clone(&statements), changes: changes.clone() };
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let pool = conn(Database::connect(options(url, connections_max)).await?);
            Ok(Self { reader: pool.clone(), writer: pool })
        } else if url.starts_with("sqlite:") {
            let url = if url.contains('?') { url.to_owned() } else { format!("{url}?mode=rwc") };
            let writer = Database::connect(sqlite_options(&url, 1)).await?;
            let reader = Database::connect(sqlite_options(&url, sqlite_readers())).await?;
            Ok(Self { reader: conn(reader), writer: conn(writer) })
        } else {
            let scheme = url.split(':').next().unwrap_or_default();
            Err(StoreError::Url(format!(
                "`{scheme}` is not a supported database, give `sqlite://path/to/file.sqlite` or `postgres://user@host/name`"
            )))
        }
    }

    /// Whether write transactions exclude each other: then nothing is won by several at once.
    pub fn has_one_writer(&self) -> bool {
        !self.writer.is_postgres()
    }

    /// For reads outside a transaction.
    pub fn reader(&self) -> &Conn {
        &self.reader
    }

    /// For single statements that write.
    pub fn writer(&self) -> &Conn {
        &self.writer
    }

    /// Begins a write transaction. On SQLite it holds the one writer from the first moment, so that it never fails half way.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        begin(&self.writer, options).await
    }

    /// Begins a transaction that only reads: every statement in it sees the database as it was for the first.
    pub async fn begin_read(&self) -> Result<Tx, StoreError> {
        // SQLite has but one isolation level, which is this.
        let isolation_level = self.reader.is_postgres().then_some(IsolationLevel::RepeatableRead);
        let access_mode = self.reader.is_postgres().then_some(AccessMode::ReadOnly);
        let options = TransactionOptions { isolation_level, access_mode, ..TransactionOptions::default() };
        begin(&self.reader, options).await
    }

    /// Where changes are told.
    pub fn changes(&self) -> &Changes {
        &self.writer.changes
    }

    /// How many statements have run so far; tests hold lists to a fixed number with it.
    pub fn statement_count(&self) -> u64 {
        self.reader.statements.load(Ordering::Relaxed)
    }

    /// Closes all connections.
    pub async fn close(self) -> Result<(), StoreError> {
        for conn in [self.reader, self.writer] {
            if let Inner::Pool(pool) = conn.inner {
                pool.close().await?;
            }
        }
        Ok(())
    }
}

async fn begin(conn: &Conn, options: TransactionOptions) -> Result<Tx, StoreError> {
    let Inner::Pool(pool) = &conn.inner else {
        return Err(StoreError::Schema("a transaction can't be nested".to_owned()));
    };
    let transaction = Arc::new(pool.begin_with_options(options).await?);
    let touched = Touched::default();
    let conn = Conn {
        inner: Inner::Tx(Arc::clone(&transaction), touched.clone()),
        statements: Arc::clone(&conn.statements),
        changes: conn.changes.clone(),
    };
    Ok(Tx { conn, transaction, touched })
}

impl Tx {
    /// Makes everything in the transaction true at once, and tells of it.
    pub async fn commit(self) -> Result<(), StoreError> {
        let changes = self.conn.changes.clone();
        drop(self.conn);
        let transaction = Arc::into_inner(self.transaction)
            .ok_or_else(|| StoreError::Schema("a transaction is still in use".to_owned()))?;
        transaction.commit().await?;
        self.touched.tell(&changes);
        Ok(())
    }

    /// Undoes everything in the transaction now, rather than when it is dropped.
    pub async fn rollback(self) -> Result<(), StoreError> {
        drop(self.conn);
        let transaction = Arc::into_inner(self.transaction)
            .ok_or_else(|| StoreError::Schema("a transaction is still in use".to_owned()))?;
        Ok(transaction.rollback().await?)
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl Conn {
    /// Whether this is PostgreSQL: row locks exist there and are needed.
    pub(super) fn is_postgres(&self) -> bool {
        self.get_database_backend() == DbBackend::Postgres
    }

    pub(super) fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.get_database_backend(), sql, values)
    }

    pub(super) async fn execute_sql(&self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        Ok(self.execute_raw(self.statement(sql, values)).await?.rows_affected())
    }

    pub(super) async fn query_sql(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, StoreError> {
        Ok(self.query_all_raw(self.statement(sql, values)).await?)
    }

    /// How the database would carry a statement out: PostgreSQL's own JSON, SQLite's lines.
    pub(super) async fn plan(&self, mut statement: Statement) -> Result<serde_json::Value, StoreError> {
        let (explain, column) =
            if self.is_postgres() { ("explain (format json)", "QUERY PLAN") } else { ("explain query plan", "detail") };
        statement.sql = format!("{explain} {}", statement.sql);
        let rows = self.query_all_raw(statement).await?;
        if self.is_postgres() {
            let row = rows.first().ok_or_else(|| StoreError::Schema("a statement without a plan".to_owned()))?;
            return Ok(row.try_get("", column)?);
        }
        let lines = rows.iter().map(|row| Ok(row.try_get::<String>("", column)?));
        Ok(lines.collect::<Result<Vec<_>, StoreError>>()?.into())
    }

    /// Tells that rows of the tenant were changed: at once for a statement of its own, with the commit in a transaction.
    pub(super) fn touch(&self, tenant: TenantId) {
        match &self.inner {
            Inner::Pool(_) => self.changes.tell(Change::Here(tenant)),
            Inner::Tx(_, touched) => touched.add(tenant),
        }
    }

    pub(super) fn pool(&self) -> Option<&DatabaseConnection> {
        match &self.inner {
            Inner::Pool(pool) => Some(pool),
            Inner::Tx(..) => None,
        }
    }

    fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Conn {
    fn get_database_backend(&self) -> DbBackend {
        match &self.inner {
            Inner::Pool(pool) => pool.get_database_backend(),
            Inner::Tx(transaction, _) => transaction.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.count();
        match &self.inner {
            Inner::Pool(pool) => pool.execute_raw(statement).await,
            Inner::Tx(transaction, _) => transaction.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.count();
        match &self.inner {
            Inner::Pool(pool) => pool.execute_unprepared(sql).await,
            Inner::Tx(transaction, _) => transaction.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.count();
        match &self.inner {
            Inner::Pool(pool) => pool.query_one_raw(statement).await,
            Inner::Tx(transaction, _) => transaction.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.count();
        match &self.inner {
            Inner::Pool(pool) => pool.query_all_raw(statement).await,
            Inner::Tx(transaction, _) => transaction.query_all_raw(statement).await,
        }
    }
}

/// Rows that SQLite's thread reads ahead of whoever asked.
const ROWS_AT_ONCE: usize = 512;

fn options(url: &str, connections_max: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections_max.max(1))
        .acquire_timeout(WAIT_MAX)
        .connect_timeout(WAIT_MAX)
        // A ping before each statement costs a round trip; a dead connection is noticed by its first statement and replaced.
        .test_before_acquire(false)
        .sqlx_logging(false);
    options
}

fn sqlite_options(url: &str, connections_max: u32) -> ConnectOptions {
    use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
    let mut options = options(url, connections_max);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a commit is on the disk before it is answered.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT_MAX)
            // 16 MB for each connection: readers look at most pages in place, and what a chunk of writes touches fits.
            .pragma("cache_size", "-16384")
            .pragma("mmap_size", "268435456")
            // 32 MB of writes before what they changed goes into the file: pages that change again and again go there once.
            .pragma("wal_autocheckpoint", "8000")
            // Rows come from a thread of their own; a batch of them is handed over without waiting for each.
            .row_buffer_size(ROWS_AT_ONCE)
            .pragma("temp_store", "memory")
    });
    options
}
