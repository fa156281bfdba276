//! Ordering files: leads, and what an operation did to them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::input::sort;
use super::list::ListBaseSet;
use crate::actions::ActionError;
use crate::actions::export::{self, TableOf, TableWanted};
use crate::actions::lists::GivenFilter;
use crate::domain::download::ResultTable;
use crate::domain::id::DownloadId;
use crate::domain::{Invalid, InvalidCode};
use crate::graphql::ids;
use crate::graphql::leads::LeadOrder;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::operations::ResultOutcome;
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;
use crate::graphql::wanted::LeadWhere;
use crate::store::downloads;

/// Which leads as a file: those that a list shows, else those of a base set for which a filter holds.
#[derive(InputObject)]
pub struct ExportLeadsInput {
    /// `lst_…`; then neither base set nor filter.
    list_id: Option<ID>,
    /// What the filter is applied to; all leads when left out.
    base_set: Option<ListBaseSet>,
    /// Which leads of the base set, by fields; all when left out. Either this or `filter`.
    #[graphql(name = "where")]
    wanted: Option<LeadWhere>,
    /// Which leads of the base set, as CEL text over `lead` and `now`; all when left out. Either this or `where`.
    filter: Option<String>,
    /// How they are sorted; as the list says, else newest first. By `RECEIVED_AT` a lead that changes while the file is read neither is
    /// missed nor comes twice.
    sort: Option<LeadOrder>,
    /// The columns in order, by the paths that `listColumns` gives; as the list says, else a usual choice.
    columns: Option<Vec<String>>,
    /// The same key with the same input orders one file.
    idempotency_key: Option<String>,
}

/// The results of an operation as a file.
#[derive(InputObject)]
pub struct ExportOperationResultsInput {
    /// `op_…`
    operation_id: ID,
    /// Only these outcomes; all when left out.
    outcomes: Option<Vec<ResultOutcome>>,
    /// The same key with the same input orders one file.
    idempotency_key: Option<String>,
}

/// A file that waits to be fetched.
#[derive(SimpleObject)]
pub struct Download {
    /// `dwn_…`
    id: ID,
    /// Where it is fetched by GET, below this server's address. The path is a secret that opens this one file; no token is needed.
    path: String,
    /// Until when.
    expires_at: DateTime<Utc>,
}

/// A file that waits to be fetched, or what stands in the way.
#[derive(SimpleObject)]
pub struct DownloadPayload {
    /// The file; null when nothing was ordered.
    download: Option<Download>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Ordering files.
#[derive(Default)]
pub struct ExportMutation;

/// Ordering files.
#[Object]
impl ExportMutation {
    /// Orders leads within your reach as CSV (UTF-8, RFC 4180), read when it is fetched and however many there are. Customers' data
    /// stands in it only where you see it. A text that begins with `=`, `+`, `-`, `@`, a tab or a line break gets an apostrophe in
    /// front, so that no spreadsheet runs it, and so does what begins so behind a semicolon, a tab or a line break; numbers stay as they
    /// are. The audit log says who ordered what.
    async fn export_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which leads, and which columns.")] input: ExportLeadsInput,
    ) -> async_graphql::Result<DownloadPayload> {
        let call = OwnedCall::read(ctx, "exportLeads")?;
        let done = match input.read() {
            Ok(wanted) => export::export_leads(&ctx.session()?.actions, call.call(), &wanted).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }

    /// Orders what became of each lead of an operation as CSV (UTF-8, RFC 4180), in the order of the plan, read when it is fetched and
    /// however many there are; of an operation that still runs, what is there so far. Its columns: position, lead id, request id, outcome,
    /// reason code, reason, ids of the copies that were made or taken back, ids and names of those to whom the lead went; several in one
    /// cell are separated by `|`. Texts are made harmless to spreadsheets as `exportLeads` does. Needs the role admin, manager or auditor;
    /// seen by whoever sees the operation. The audit log says who ordered what.
    async fn export_operation_results(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which operation, and which outcomes.")] input: ExportOperationResultsInput,
    ) -> async_graphql::Result<DownloadPayload> {
        let call = OwnedCall::read(ctx, "exportOperationResults")?;
        let done = match input.read() {
            Ok(wanted) => export::export_results(&ctx.session()?.actions, call.call(), wanted).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done).await
    }
}

impl ExportOperationResultsInput {
    fn read(self) -> Result<ResultTable, Invalid> {
        let outcomes = self.outcomes.unwrap_or_default().into_iter().map(Into::into).collect();
        Ok(ResultTable { operation: ids::parse("operationId", &self.operation_id)?, outcomes })
    }
}

impl ExportLeadsInput {
    fn read(self) -> Result<TableWanted, Invalid> {
        let is_draft = self.base_set.is_some() || self.wanted.is_some() || self.filter.is_some();
        let of = match &self.list_id {
            Some(_) if is_draft => {
                let message = "a list brings its own base set and filter, leave them out or leave the list out";
                return Err(Invalid::new("listId", InvalidCode::NotAllowed, message));
            }
            Some(id) => TableOf::List(ids::parse("listId", id)?),
            None => {
                let filter = GivenFilter::of(self.wanted.map(|wanted| wanted.0), self.filter)?;
                TableOf::Draft(self.base_set.unwrap_or_default().into(), filter)
            }
        };
        Ok(TableWanted { of, sort: self.sort.map(sort), columns: self.columns })
    }
}

async fn payload(ctx: &Context<'_>, done: Result<DownloadId, ActionError>) -> async_graphql::Result<DownloadPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(DownloadPayload { download: None, user_errors }) };
    let session = ctx.session()?;
    let tenant = session.scope.tenant;
    let found = downloads::lookup(session.actions.store.writer(), tenant, id).await?;
    let download = found.map(|found| Download {
        id: id.into(),
        path: format!("/downloads/{}", session.actions.links.download(tenant, id)),
        expires_at: found.expires_at.datetime(),
    });
    Ok(DownloadPayload { download, user_errors })
}
