//! Imports of uploaded files: prepared, checked in the background, run when somebody says so, stopped.

use std::time::Duration;

use super::mapping::{Mapping, Own, Wishes};
use super::sheet::Sheet;
use crate::actions::network::Ground;
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::error::text;
use crate::domain::event::EventKind;
use crate::domain::field::Subject;
use crate::domain::file_import::{ColumnWishes, FileImport, FileImportState, FileKind, RowCounts, Upload};
use crate::domain::id::{FileImportId, UploadId};
use crate::domain::{Actor, Invalid, InvalidCode};
use crate::store::imports::ImportKind;
use crate::store::{Conn, file_imports, uploads};

/// A file is kept so long after it was uploaded: over a weekend that nobody looked at the check.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// A file that was never received to its end goes after this; nobody uploads for so long.
const RECEIVED_WITHIN: Duration = Duration::from_hours(6);
/// Shown to people.
const NAME_LENGTH_MAX: usize = 200;

/// What is to be imported.
#[derive(Clone, Debug)]
pub struct FileWanted {
    /// The file.
    pub upload: UploadId,
    /// What it holds.
    pub kind: FileKind,
    /// What the caller says about columns.
    pub wishes: ColumnWishes,
}

/// A column of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnUsed {
    /// Our name.
    pub ours: String,
    /// The file's column.
    pub header: Option<String>,
    /// The value in every row, where it is no column.
    pub value: Option<String>,
}

/// Begins to receive a file: its pieces follow by [`uploads::insert_piece`].
pub async fn begin_upload(cx: &Context, actor: &Actor, name: &str) -> Result<Upload, ActionError> {
    permit(actor, Permission::Configure)?;
    let at = cx.clock.now();
    let name = text("name", name, NAME_LENGTH_MAX)?;
    let upload = Upload {
        tenant: actor.tenant,
        id: cx.id(at),
        name,
        bytes: None,
        created_at: at,
        expires_at: at + RECEIVED_WITHIN,
    };
    uploads::remove_expired(cx.store.writer(), at).await?;
    uploads::insert(cx.store.writer(), &upload).await?;
    Ok(upload)
}

/// The file is whole.
pub async fn end_upload(cx: &Context, upload: Upload, bytes: i64) -> Result<Upload, ActionError> {
    let expires_at = upload.created_at + KEPT;
    let whole = Upload { bytes: Some(bytes), expires_at, ..upload };
    uploads::update(cx.store.writer(), &whole).await?;
    Ok(whole)
}

/// Matches the file's columns with ours, and has every row checked: nothing is imported yet.
pub async fn prepare_import(cx: &Context, call: Call<'_>, wanted: &FileWanted) -> Result<FileImportId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (tenant, at) = (call.actor.tenant, work.at());
    let upload = uploads::lookup(&work, tenant, wanted.upload).await?;
    let upload = upload.filter(|upload| upload.expires_at > at && upload.bytes.is_some());
    let upload = upload.ok_or_else(|| ActionError::not_found("uploadId", "upload"))?;
    let head = uploads::read(&work, (tenant, upload.id), 0, 1).await?;
    let sheet = Sheet::open(head.as_slice())?;
    let (headers, separator) = (sheet.headers().to_vec(), char::from(sheet.separator()));
    let import = FileImport {
        tenant,
        id: cx.id(at),
        upload: Some(upload.id),
        kind: wanted.kind,
        state: FileImportState::Checking,
        name: upload.name,
        headers,
        separator,
        wishes: wanted.wishes.clone(),
        bytes_total: upload.bytes.unwrap_or(0),
        bytes_done: 0,
        checked: RowCounts::default(),
        ran: RowCounts::default(),
        problem_count: 0,
        error: None,
        requested_by: call.actor.subject.clone(),
        created_at: at,
        updated_at: at,
        finished_at: None,
    };
    mapping(&work, &import).await?;
    file_imports::insert(&work, &import).await?;
    work.note(
        EventKind::Created,
        import.id,
        None,
        Some(serde_json::json!({ "name": import.name, "kind": import.kind })),
    );
    work.commit(import.id).await
}

/// Imports what was checked.
pub async fn run_import(cx: &Context, call: Call<'_>, id: FileImportId) -> Result<FileImportId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, id).await?;
    if before.state != FileImportState::Ready {
        let what = match before.state {
            FileImportState::Checking => "it is still being checked, wait for the end of that",
            FileImportState::Running => "it runs already",
            _ => "it is over, prepare another one",
        };
        return Err(ActionError::refused("importId", InvalidCode::WrongState, what));
    }
    // The run tells of the same rows again, as it finds them then.
    file_imports::remove_problems(&work, before.tenant, before.id).await?;
    let state = FileImportState::Running;
    let after = FileImport { state, bytes_done: 0, problem_count: 0, updated_at: work.at(), ..before.clone() };
    file_imports::update(&work, &after, &before).await?;
    note(&mut work, &before, FileImportState::Running);
    work.commit(id).await
}

/// Stops an import. What was imported stays.
pub async fn cancel_import(cx: &Context, call: Call<'_>, id: FileImportId) -> Result<FileImportId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, id).await?;
    if !file_imports::cancel(&work, before.tenant, id, work.at()).await? {
        return Err(ActionError::refused("importId", InvalidCode::WrongState, "it is over already"));
    }
    note(&mut work, &before, FileImportState::Cancelled);
    work.commit(id).await
}

/// Which of the file's columns are used as what, and which are not used.
pub async fn columns_used(cx: &Context, import: &FileImport) -> Result<(Vec<ColumnUsed>, Vec<String>), ActionError> {
    let mapping = mapping(cx.store.reader(), import).await?;
    Ok((mapping.used(), mapping.ignored()))
}

/// The columns as they are matched now: a tenant's own may have changed since.
pub(super) async fn mapping(conn: &Conn, import: &FileImport) -> Result<Mapping, ActionError> {
    let ground = Ground::load(conn, import.tenant, subject_of(import.kind)).await?;
    Ok(mapping_of(&ground, import)?)
}

pub(super) const fn kind_of(kind: FileKind) -> ImportKind {
    match kind {
        FileKind::Dealers => ImportKind::Dealers,
        FileKind::Leads => ImportKind::Leads,
    }
}

pub(super) const fn subject_of(kind: FileKind) -> Subject {
    match kind {
        FileKind::Dealers => Subject::Dealer,
        FileKind::Leads => Subject::Lead,
    }
}

pub(super) fn mapping_of(ground: &Ground, import: &FileImport) -> Result<Mapping, Vec<Invalid>> {
    let own = Own { fields: &ground.fields, categories: &ground.categories };
    let wishes = Wishes { map: import.wishes.map.clone(), set: import.wishes.set.clone() };
    Mapping::new(kind_of(import.kind), import.headers.clone(), own, &wishes)
}

async fn find(work: &Work<'_>, id: FileImportId) -> Result<FileImport, ActionError> {
    let found = file_imports::lookup(work, work.actor().tenant, id).await?;
    found.ok_or_else(|| ActionError::not_found("importId", "import"))
}

fn note(work: &mut Work<'_>, before: &FileImport, after: FileImportState) {
    let told = |state: FileImportState| Some(serde_json::json!({ "state": state }));
    work.note(EventKind::Updated, before.id, told(before.state), told(after));
}
