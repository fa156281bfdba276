//! One import of a CSV file: prepared, then run batch by batch, each with the note of how far it came.

use std::io::{Read, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};

use super::mapping::{Mapping, Own, Wishes};
use super::problem::ProblemFile;
use super::progress::{Outcome, Progress, Report};
use super::sheet::{ReadRow, Row, Sheet, unreadable};
use super::{dealers, leads};
use crate::actions::network::Ground;
use crate::actions::{ActionError, Context};
use crate::domain::Timestamp;
use crate::domain::event::{ActorKind, Event, EventActor, EventKind};
use crate::domain::field::Subject;
use crate::domain::id::TenantId;
use crate::store::imports::{self, ImportKind, ImportProgress};
use crate::store::{Conn, Store, StoreError};

/// Rows per transaction: long enough that the commit does not dominate, short enough that others get their turn.
const BATCH_ROWS: usize = 500;
const HASH_BYTES: usize = 64 * 1024;

/// What is to be imported.
#[derive(Clone, Debug)]
pub struct ImportOrder {
    /// Into which tenant.
    pub tenant: TenantId,
    /// Dealers or leads.
    pub kind: ImportKind,
    /// The file's name, for the timeline.
    pub name: String,
    /// What the caller says about columns.
    pub wishes: Wishes,
    /// Reads and checks everything, writes nothing.
    pub dry_run: bool,
}

/// A file that is ready to be imported.
pub struct Import<R> {
    order: ImportOrder,
    sheet: Sheet<R>,
    mapping: Mapping,
    progress: ImportProgress,
    bytes_total: u64,
}

/// One batch in hand.
pub(super) struct Batch<'a> {
    pub(super) cx: &'a Context,
    pub(super) conn: &'a Conn,
    pub(super) at: Timestamp,
    pub(super) order: &'a ImportOrder,
    pub(super) mapping: &'a Mapping,
    pub(super) ground: &'a mut Ground,
}

impl<R: Read + Seek> Import<R> {
    /// Reads the header, matches the columns, and finds how far an earlier attempt at the same file came.
    pub async fn prepare(cx: &Context, order: ImportOrder, mut file: R) -> Result<Self, ActionError> {
        let (digest, bytes_total) = hash(&mut file)?;
        let reader = cx.store.reader();
        let ground = Ground::load(reader, order.tenant, subject(order.kind)).await?;
        let mut sheet = Sheet::open(file)?;
        let own = Own { fields: &ground.fields, categories: &ground.categories };
        let mapping = Mapping::new(order.kind, sheet.headers().to_vec(), own, &order.wishes)?;
        let fingerprint = fingerprint(digest, &order);
        let known = imports::find(reader, order.tenant, order.kind, &fingerprint).await?;
        // A file that was imported to its end starts anew: what it says may have been changed since.
        let progress = match known.filter(|_| !order.dry_run) {
            Some(known) if known.finished_at.is_none() => known,
            Some(known) => begin_again(&cx.store, known).await?,
            None => begin(cx, &order, fingerprint).await?,
        };
        sheet.skip(u64::try_from(progress.rows_done).unwrap_or(0))?;
        Ok(Self { order, sheet, mapping, progress, bytes_total })
    }

    /// Rows that an earlier attempt has done.
    pub fn rows_done(&self) -> u64 {
        u64::try_from(self.progress.rows_done).unwrap_or(0)
    }

    /// Imports what is left. Problems are written before the batch that has them is committed: after a crash one may stand there
    /// twice, none is lost.
    pub async fn run<W: Write>(
        mut self,
        cx: &Context,
        problems: &mut ProblemFile<W>,
        mut tell: impl FnMut(Progress),
    ) -> Result<Report, ActionError> {
        let mut report =
            Report { resumed_at: self.rows_done(), ignored_columns: self.mapping.ignored(), ..Report::default() };
        loop {
            let rows = self.sheet.batch(BATCH_ROWS, &self.mapping)?;
            if rows.is_empty() {
                break;
            }
            let count = rows.len() as u64;
            let outcome = self.batch(cx, rows, problems).await?;
            report.add(count, &outcome);
            tell(Progress {
                rows_done: report.resumed_at + report.rows,
                bytes_done: self.sheet.bytes_done(),
                bytes_total: self.bytes_total,
            });
        }
        if !self.order.dry_run {
            let done = ImportProgress { finished_at: Some(cx.clock.now()), ..self.progress.clone() };
            imports::update(cx.store.writer(), &done, done.rows_done).await?;
        }
        Ok(report)
    }

    async fn batch<W: Write>(
        &mut self,
        cx: &Context,
        rows: Vec<ReadRow>,
        problems: &mut ProblemFile<W>,
    ) -> Result<Outcome, ActionError> {
        let count = rows.len() as i64;
        if self.order.dry_run {
            let outcome = self.import(cx, cx.store.reader(), rows).await?;
            problems.write(&outcome.problems).map_err(|error| unreadable(&error))?;
            return Ok(outcome);
        }
        let tx = cx.store.begin().await?;
        let outcome = self.import(cx, &tx, rows).await?;
        let before = self.progress.rows_done;
        self.progress.rows_done += count;
        self.progress.created_count += outcome.created as i64;
        self.progress.failed_count += outcome.failed as i64;
        self.progress.updated_at = cx.clock.now();
        imports::update(&tx, &self.progress, before).await?;
        problems.write(&outcome.problems).map_err(|error| unreadable(&error))?;
        tx.commit().await?;
        Ok(outcome)
    }

    async fn import(&self, cx: &Context, conn: &Conn, rows: Vec<ReadRow>) -> Result<Outcome, ActionError> {
        let mut outcome = Outcome::default();
        let mut sound: Vec<Row> = Vec::with_capacity(rows.len());
        for row in rows {
            match row {
                Ok(row) => sound.push(row),
                Err(problem) => outcome.refuse(vec![problem]),
            }
        }
        let mut ground = Ground::load(conn, self.order.tenant, subject(self.order.kind)).await?;
        let batch =
            Batch { cx, conn, at: cx.clock.now(), order: &self.order, mapping: &self.mapping, ground: &mut ground };
        match self.order.kind {
            ImportKind::Dealers => dealers::import(batch, &sound, &mut outcome).await?,
            ImportKind::Leads | ImportKind::Postal => leads::import(batch, &sound, &mut outcome).await?,
        }
        outcome.problems.sort_by_key(|problem| problem.row);
        Ok(outcome)
    }
}

impl Batch<'_> {
    /// A line of the timeline about something that this import made or changed.
    pub(super) fn event(&self, kind: EventKind, subject: impl ToString) -> Event {
        let name = format!("Import of {}", self.order.name);
        let actor = EventActor { kind: ActorKind::System, id: "import".to_owned(), name };
        self.cx.event(self.order.tenant, self.at, actor, kind, subject)
    }
}

async fn begin(cx: &Context, order: &ImportOrder, fingerprint: [u8; 32]) -> Result<ImportProgress, StoreError> {
    let at = cx.clock.now();
    let progress = ImportProgress {
        tenant: order.tenant,
        id: cx.id(at),
        kind: order.kind,
        fingerprint,
        rows_done: 0,
        created_count: 0,
        failed_count: 0,
        finished_at: None,
        created_at: at,
        updated_at: at,
    };
    if !order.dry_run {
        imports::insert(cx.store.writer(), &progress).await?;
    }
    Ok(progress)
}

async fn begin_again(store: &Store, known: ImportProgress) -> Result<ImportProgress, StoreError> {
    let before = known.rows_done;
    let progress = ImportProgress { rows_done: 0, created_count: 0, failed_count: 0, finished_at: None, ..known };
    imports::update(store.writer(), &progress, before).await?;
    Ok(progress)
}

const fn subject(kind: ImportKind) -> Subject {
    match kind {
        ImportKind::Dealers => Subject::Dealer,
        ImportKind::Leads | ImportKind::Postal => Subject::Lead,
    }
}

/// The hash of the file's content, and its length; the file stands at its beginning afterwards.
fn hash(file: &mut (impl Read + Seek)) -> Result<(Sha256, u64), ActionError> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; HASH_BYTES];
    let mut length = 0;
    loop {
        let count = file.read(&mut buffer).map_err(|error| unreadable(&error))?;
        if count == 0 {
            break;
        }
        digest.update(buffer.get(..count).unwrap_or_default());
        length += count as u64;
    }
    file.seek(SeekFrom::Start(0)).map_err(|error| unreadable(&error))?;
    Ok((digest, length))
}

/// The file together with what the caller said about its columns: another mapping is another import.
fn fingerprint(mut digest: Sha256, order: &ImportOrder) -> [u8; 32] {
    for (what, pairs) in [("map", &order.wishes.map), ("set", &order.wishes.set)] {
        let mut pairs = pairs.clone();
        pairs.sort();
        for (ours, theirs) in pairs {
            digest.update(format!("\0{what}\0{ours}\0{theirs}"));
        }
    }
    digest.finalize().into()
}
