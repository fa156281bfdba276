//! Rows, whole or in part, read by the places of their columns.
//!
//! sea-orm's own reading looks each column up by its name and words an error for each that is null: more work than the rest of a page.

use std::future::Future;

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, PartialModelTrait, QueryResult, QuerySelect, QueryTrait, RuntimeErr, Select,
};
use sqlx::{Decode, Postgres, Row, Sqlite, Type};

use super::conn::Conn;
use super::error::StoreError;

/// A row whose columns are read in the order of its fields, as [`row!`](super::rows) declares it.
pub(super) trait Placed: Sized {
    /// The row, from the columns that are next.
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreError>;
}

/// The columns of one row that are still to be read.
pub(super) struct Columns<'r> {
    row: &'r QueryResult,
    next: usize,
}

impl Columns<'_> {
    /// The next one.
    pub(super) fn next<T>(&mut self) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        let place = self.next;
        self.next += 1;
        let read = match (self.row.try_as_sqlite_row(), self.row.try_as_pg_row()) {
            (Some(row), _) => row.try_get(place),
            (None, Some(row)) => row.try_get(place),
            (None, None) => Err(sqlx::Error::ColumnIndexOutOfBounds { index: place, len: 0 }),
        };
        Ok(read.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))?)
    }
}

/// Runs a query of whole rows.
pub(super) trait Rows<M> {
    /// All that it finds.
    fn rows(self, conn: &Conn) -> impl Future<Output = Result<Vec<M>, StoreError>> + Send;

    /// The first, if any.
    fn row(self, conn: &Conn) -> impl Future<Output = Result<Option<M>, StoreError>> + Send;
}

impl<E: EntityTrait<Model: Placed>> Rows<E::Model> for Select<E> {
    async fn rows(self, conn: &Conn) -> Result<Vec<E::Model>, StoreError> {
        all(conn, self).await
    }

    async fn row(self, conn: &Conn) -> Result<Option<E::Model>, StoreError> {
        let found = conn.query_one_raw(self.limit(1).build(conn.get_database_backend())).await?;
        found.as_ref().map(|row| Placed::read(&mut Columns { row, next: 0 })).transpose()
    }
}

/// Runs a query for a part of its rows.
pub(super) trait Parts {
    /// That part of all that it finds.
    fn parts<P: PartialModelTrait + Placed>(
        self,
        conn: &Conn,
    ) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send;
}

impl<E: EntityTrait> Parts for Select<E> {
    async fn parts<P: PartialModelTrait + Placed>(self, conn: &Conn) -> Result<Vec<P>, StoreError> {
        all(conn, P::select_cols(self.select_only())).await
    }
}

async fn all<E: EntityTrait, P: Placed>(conn: &Conn, query: Select<E>) -> Result<Vec<P>, StoreError> {
    let found = conn.query_all_raw(query.build(conn.get_database_backend())).await?;
    found.iter().map(|row| P::read(&mut Columns { row, next: 0 })).collect()
}
