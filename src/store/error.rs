//! What can go wrong in a database, told apart by SQLSTATE or constraint, never by message.

use sea_orm::{DbErr, RuntimeErr};

/// A failed statement or connection.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or lost a statement.
    #[error("database: {0}")]
    Database(#[source] DbErr),
    /// A stored value is not what the code writes: the database was changed by other hands or by a newer version.
    #[error("stored value of `{column}` can't be read: {problem}")]
    Corrupt {
        /// Table and column.
        column: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The row has another version than expected.
    #[error("changed since it was read")]
    Conflict,
    /// The schema is not the one this program knows.
    #[error("{0}")]
    Schema(String),
    /// The URL names no supported database.
    #[error("{0}")]
    Url(String),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl StoreError {
    /// A stored value that can't be read.
    pub fn corrupt(column: &'static str, problem: impl std::fmt::Display) -> Self {
        Self::Corrupt { column, problem: problem.to_string() }
    }

    /// Whether the transaction may succeed if it is run again: serialization failure, deadlock, a busy database.
    pub fn is_transient(&self) -> bool {
        // 40001 and 40P01: PostgreSQL's serialization failure and deadlock. 5 and 517: SQLite's BUSY and BUSY_SNAPSHOT.
        self.code().is_some_and(|code| matches!(code.as_str(), "40001" | "40P01" | "5" | "517"))
    }

    /// Whether the database can't be reached at all.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Database(DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) => true,
            // 57P0x: PostgreSQL is shutting down or starting; a broken socket has no code.
            Self::Database(DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) => {
                matches!(**error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
                    || self.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
            }
            _ => false,
        }
    }

    /// Whether a unique constraint or index refused the row; `name` is a part of its name or of its columns.
    pub fn is_unique_violation(&self, name: &str) -> bool {
        // 23505 on PostgreSQL; 1555 and 2067 on SQLite, which names the columns (or the index) in its message.
        let Some(error) = self.sqlx() else { return false };
        let Some(database) = error.as_database_error() else { return false };
        let unique = database.code().is_some_and(|code| matches!(code.as_ref(), "23505" | "1555" | "2067"));
        unique
            && (database.constraint().is_some_and(|constraint| constraint.contains(name))
                || database.message().contains(name))
    }

    /// Whether a foreign key refused the change.
    pub fn is_foreign_key_violation(&self) -> bool {
        self.code().is_some_and(|code| matches!(code.as_str(), "23503" | "787" | "1811"))
    }

    fn sqlx(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) => {
                Some(error)
            }
            _ => None,
        }
    }

    fn code(&self) -> Option<String> {
        self.sqlx()?.as_database_error()?.code().map(std::borrow::Cow::into_owned)
    }
}
