//! Preparing, running and stopping imports of uploaded files.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::import::{FileImport, FileKind};
use crate::actions::ActionError;
use crate::actions::import::{self as actions, FileWanted};
use crate::domain::file_import::ColumnWishes;
use crate::domain::id::FileImportId;
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;
use crate::store::file_imports;

/// Which of the file's columns is ours.
#[derive(InputObject)]
pub struct ImportColumnInput {
    /// Our name, such as `postal_code` or `custom.budget`.
    column: String,
    /// The file's column.
    header: String,
}

/// A value of ours that every row has.
#[derive(InputObject)]
pub struct ImportValueInput {
    /// Our name, such as `source`.
    column: String,
    /// The value.
    value: String,
}

/// A file to be imported.
#[derive(InputObject)]
pub struct PrepareImportInput {
    /// `upl_…`, as `POST /uploads` answered.
    upload_id: ID,
    /// What the file holds.
    kind: FileKind,
    /// Which columns are which; the others are matched by their usual names.
    #[graphql(default)]
    map: Vec<ImportColumnInput>,
    /// Values that every row has.
    #[graphql(default)]
    set: Vec<ImportValueInput>,
    /// The same key with the same input prepares one import.
    idempotency_key: Option<String>,
}

/// Which import.
#[derive(InputObject)]
pub struct FileImportInput {
    /// `fim_…`
    import_id: ID,
    /// The same key with the same input does it once.
    idempotency_key: Option<String>,
}

/// An import, or what stands in the way.
#[derive(SimpleObject)]
pub struct FileImportPayload {
    /// The import as it is now; null when nothing was done.
    file_import: Option<FileImport>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of imports.
#[derive(Default)]
pub struct ImportMutation;

/// Changes of imports.
#[Object]
impl ImportMutation {
    /// Matches an uploaded file's columns with ours and has every row checked; nothing is imported yet. Needs the role admin.
    async fn prepare_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file, and what its columns are.")] input: PrepareImportInput,
    ) -> async_graphql::Result<FileImportPayload> {
        let call = OwnedCall::read(ctx, "prepareImport")?;
        let done = match ids::parse("uploadId", &input.upload_id) {
            Ok(upload) => {
                let wishes = ColumnWishes {
                    map: input.map.into_iter().map(|one| (one.column, one.header)).collect(),
                    set: input.set.into_iter().map(|one| (one.column, one.value)).collect(),
                };
                let wanted = FileWanted { upload, kind: input.kind.into(), wishes };
                actions::prepare_import(&ctx.session()?.actions, call.call(), &wanted).await
            }
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Imports what was checked; rows that have problems are left out, the others are imported. Needs the role admin.
    async fn run_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which import.")] input: FileImportInput,
    ) -> async_graphql::Result<FileImportPayload> {
        let call = OwnedCall::read(ctx, "runImport")?;
        let done = match ids::parse("importId", &input.import_id) {
            Ok(id) => actions::run_import(&ctx.session()?.actions, call.call(), id).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Stops an import; what was imported stays. Needs the role admin.
    async fn cancel_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which import.")] input: FileImportInput,
    ) -> async_graphql::Result<FileImportPayload> {
        let call = OwnedCall::read(ctx, "cancelImport")?;
        let done = match ids::parse("importId", &input.import_id) {
            Ok(id) => actions::cancel_import(&ctx.session()?.actions, call.call(), id).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }
}

async fn payload(
    ctx: &Context<'_>,
    done: Result<FileImportId, ActionError>,
) -> async_graphql::Result<FileImportPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(FileImportPayload { file_import: None, user_errors }) };
    let session = ctx.session()?;
    let found = file_imports::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(FileImportPayload { file_import: found.map(FileImport), user_errors })
}
