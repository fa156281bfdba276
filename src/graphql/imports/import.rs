//! An import of an uploaded file.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::actions::ActionError;
use crate::actions::import::columns_used;
use crate::domain::file_import as domain;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::session::Ctx;
use crate::store::{StoreError, file_imports};

/// What a file holds.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::file_import::FileKind")]
pub enum FileKind {
    /// Dealers with a contact each; known ones, by number and sub-number, are changed. A blank cell leaves things as they are.
    Dealers,
    /// Leads. Rows whose source and external id are known are left alone; a dealer's number makes a lead an offered one.
    Leads,
}

/// How far an import is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::file_import::FileImportState")]
pub enum FileImportState {
    /// Every row is looked at; nothing is written.
    Checking,
    /// It is known what would come of it; it waits for `runImport`.
    Ready,
    /// Rows are being imported.
    Running,
    /// Every row was imported or refused.
    Done,
    /// It can't go on; `error` says why. What was imported stays.
    Failed,
    /// Somebody stopped it. What was imported stays.
    Cancelled,
}

/// What came, or would come, of rows.
#[derive(SimpleObject)]
pub struct ImportCounts {
    /// Rows read.
    rows: i32,
    /// Rows that make something new.
    created: i32,
    /// Rows that change something.
    updated: i32,
    /// Rows that are there already.
    unchanged: i32,
    /// Rows that are refused.
    failed: i32,
    /// Rows that are imported with something left out.
    warned: i32,
}

impl From<domain::RowCounts> for ImportCounts {
    fn from(counts: domain::RowCounts) -> Self {
        let number = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            rows: number(counts.rows),
            created: number(counts.created),
            updated: number(counts.updated),
            unchanged: number(counts.unchanged),
            failed: number(counts.failed),
            warned: number(counts.warned),
        }
    }
}

/// What a column of ours is filled from.
#[derive(SimpleObject)]
pub struct ImportColumn {
    /// Our name, such as `postal_code` or `custom.budget`.
    column: String,
    /// The file's column; null where every row has the same value.
    header: Option<String>,
    /// The value in every row; null where it comes from the file.
    value: Option<String>,
}

/// What is wrong with a cell, or with a row as a whole.
#[derive(SimpleObject)]
pub struct ImportProblem {
    /// The row as a spreadsheet numbers it: the header is 1.
    row: i32,
    /// The file's column; empty for the row as a whole.
    column: String,
    /// What stands there, cut after 200 characters.
    value: String,
    /// What is wrong and what to do.
    message: String,
    /// Whether the row is imported all the same, with something left out.
    imported: bool,
}

/// An import of an uploaded file.
#[derive(Clone)]
pub struct FileImport(pub domain::FileImport);

/// An import of an uploaded file: checked as a whole first, imported when `runImport` says so. Nothing that is imported sends an alert.
#[Object]
impl FileImport {
    /// `fim_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What the file holds.
    async fn kind(&self) -> FileKind {
        self.0.kind.into()
    }

    /// How far it is.
    async fn state(&self) -> FileImportState {
        self.0.state.into()
    }

    /// The file's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What our columns are filled from. Empty when a column that it relied on is gone.
    async fn columns(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ImportColumn>> {
        let column = |used: crate::actions::import::ColumnUsed| ImportColumn {
            column: used.ours,
            header: used.header,
            value: used.value,
        };
        Ok(used(ctx, &self.0).await?.0.into_iter().map(column).collect())
    }

    /// The file's columns that are not used.
    async fn ignored_headers(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<String>> {
        Ok(used(ctx, &self.0).await?.1)
    }

    /// How much of the file the check, or the run, has done: 0 to 1.
    async fn progress(&self) -> f64 {
        if self.0.bytes_total == 0 { 1.0 } else { self.0.bytes_done as f64 / self.0.bytes_total as f64 }
    }

    /// What the check found: what would come of it.
    async fn checked(&self) -> ImportCounts {
        self.0.checked.into()
    }

    /// What the run did.
    async fn imported(&self) -> ImportCounts {
        self.0.ran.into()
    }

    /// What is wrong with rows, in the order of the file; the first 10,000. Those of the check until it runs, then those of the run.
    async fn problems(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Listed<ImportProblem>> {
        let session = ctx.session()?;
        let list = format!("problems {}", self.0.id);
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let found = file_imports::list_problems(session.reader(), (self.0.tenant, self.0.id), &page).await?;
        let wrap = |one: domain::ImportProblem| ImportProblem {
            row: i32::try_from(one.row).unwrap_or(i32::MAX),
            column: one.column,
            value: one.value,
            message: one.message,
            imported: one.imported,
        };
        let total = u64::try_from(self.0.problem_count).unwrap_or(0);
        connect(ctx, &list, found, wrap, |_| async move { Ok::<_, StoreError>(total) }).await
    }

    /// Why it can't go on.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// The credential that asked for it.
    async fn requested_by(&self) -> &str {
        &self.0.requested_by
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at.datetime()
    }

    /// When it was over.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at.map(crate::domain::Timestamp::datetime)
    }
}

type Used = (Vec<crate::actions::import::ColumnUsed>, Vec<String>);

async fn used(ctx: &Context<'_>, import: &domain::FileImport) -> async_graphql::Result<Used> {
    match columns_used(&ctx.session()?.actions, import).await {
        Ok(used) => Ok(used),
        Err(ActionError::Refused(_)) => Ok(Used::default()),
        Err(ActionError::Store(error)) => Err(error.into()),
    }
}
