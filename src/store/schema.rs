//! The schema: plain SQL migrations, one folder per database, applied in order, each in a transaction of its own.
//!
//! A database that knows a migration which this program does not is refused: it belongs to a newer Baton.

use sqlx::Row;
use sqlx::migrate::{MigrateError, Migrator};

use super::conn::Store;
use super::error::StoreError;

static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

/// One migration and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

impl Store {
    /// Applies what is missing. Several processes may call it at once: PostgreSQL takes an advisory lock, SQLite has one writer.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let pool = self.writer().pool().ok_or_else(no_pool)?;
        let outcome = if self.writer().is_postgres() {
            POSTGRES.run(pool.get_postgres_connection_pool()).await
        } else {
            SQLITE.run(pool.get_sqlite_connection_pool()).await
        };
        outcome.map_err(refusal)
    }

    /// Each known migration and whether the database has it. An error if it has one that is not known.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, StoreError> {
        let migrator = if self.writer().is_postgres() { &POSTGRES } else { &SQLITE };
        let applied = self.applied().await?;
        if let Some(unknown) = applied.iter().find(|number| !migrator.version_exists(**number)) {
            return Err(refusal(MigrateError::VersionMissing(*unknown)));
        }
        let state = |migration: &sqlx::migrate::Migration| MigrationState {
            number: migration.version,
            name: migration.description.to_string(),
            applied: applied.contains(&migration.version),
        };
        Ok(migrator.iter().map(state).collect())
    }

    /// An error unless the database has exactly the migrations that this program knows.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        match self.migrations().await?.iter().find(|migration| !migration.applied) {
            None => Ok(()),
            Some(missing) => Err(StoreError::Schema(format!(
                "the database lacks migration {} ({}), run `baton migrate`",
                missing.number, missing.name
            ))),
        }
    }

    async fn applied(&self) -> Result<Vec<i64>, StoreError> {
        const TABLE: &str = "_sqlx_migrations";
        let known = if self.reader().is_postgres() {
            "select count(*) as n from information_schema.tables where table_schema = current_schema() and table_name = $1"
        } else {
            "select count(*) as n from sqlite_master where type = 'table' and name = $1"
        };
        let tables = self.reader().query_sql(known, vec![TABLE.into()]).await?;
        let present: i64 = tables.first().map_or(Ok(0), |row| row.try_get("", "n"))?;
        if present == 0 {
            return Ok(Vec::new());
        }
        let rows = self
            .reader()
            .query_sql("select version from _sqlx_migrations where success order by version", Vec::new())
            .await?;
        Ok(rows.iter().map(|row| row.try_get("", "version")).collect::<Result<_, _>>()?)
    }

    /// Each table with its columns, for the test that holds the two schemas equal: `(table, column, nullable)`, sorted.
    pub async fn describe(&self) -> Result<Vec<(String, String, bool)>, StoreError> {
        let pool = self.reader().pool().ok_or_else(no_pool)?;
        let database = |error: sqlx::Error| StoreError::Schema(error.to_string());
        if self.reader().is_postgres() {
            let sql = "select table_name::text, column_name::text, is_nullable = 'YES' from information_schema.columns
                       where table_schema = current_schema() order by 1, 2";
            let rows = sqlx::query(sql).fetch_all(pool.get_postgres_connection_pool()).await.map_err(database)?;
            Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
        } else {
            let sql = "select m.name, c.name, c.\"notnull\" = 0 from sqlite_master m, pragma_table_info(m.name) c
                       where m.type = 'table' and m.name not like 'sqlite_%' order by 1, 2";
            let rows = sqlx::query(sql).fetch_all(pool.get_sqlite_connection_pool()).await.map_err(database)?;
            Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
        }
    }
}

fn no_pool() -> StoreError {
    StoreError::Schema("migrations run on a pool, not inside a transaction".to_owned())
}

fn refusal(error: MigrateError) -> StoreError {
    StoreError::Schema(match error {
        MigrateError::VersionMissing(number) => format!(
            "the database has migration {number}, which this program does not know: it belongs to a newer Baton, update the program"
        ),
        MigrateError::VersionMismatch(number) => {
            format!(
                "migration {number} was applied with other content than this program has: restore the database or the program"
            )
        }
        other => format!("migration failed: {other}"),
    })
}
