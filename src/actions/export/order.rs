//! Ordering a file: what it holds is settled now, and an address is handed out under which a browser fetches it.

use std::time::Duration;

use crate::actions::interfaces::check::held_catalog;
use crate::actions::lists::{GivenFilter, columns, open};
use crate::actions::operations::is_shown;
use crate::actions::sight::refuse_hidden;
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::download::{Download, DownloadContent, LeadTable, ResultTable};
use crate::domain::event::EventKind;
use crate::domain::id::{DownloadId, ListId};
use crate::domain::list::{BaseSet, ListSort};
use crate::store::{StoreError, downloads, operations};

/// Long enough for a slow person and a proxy that asks twice, short enough that an address in a browser's history opens nothing.
const LIFETIME: Duration = Duration::from_mins(15);

/// Which leads are wanted as a table.
#[derive(Clone, Debug)]
pub enum TableOf {
    /// Those that a list shows.
    List(ListId),
    /// Those of a base set for which a filter holds.
    Draft(BaseSet, GivenFilter),
}

/// A table as somebody orders it.
#[derive(Clone, Debug)]
pub struct TableWanted {
    /// Which leads.
    pub of: TableOf,
    /// How they are sorted; as the list says, else newest first.
    pub sort: Option<ListSort>,
    /// Which columns, in order; as the list says, else a usual choice.
    pub columns: Option<Vec<String>>,
}

/// Orders a table of leads. It is read when it is fetched, with what the caller may see.
pub async fn export_leads(cx: &Context, call: Call<'_>, wanted: &TableWanted) -> Result<DownloadId, ActionError> {
    let work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let table = settled(&work, wanted).await?;
    ordered(work, DownloadContent::Leads(table)).await
}

/// Orders the results of an operation that the caller sees. They are read when they are fetched.
pub async fn export_results(cx: &Context, call: Call<'_>, wanted: ResultTable) -> Result<DownloadId, ActionError> {
    permit(call.actor, Permission::ReadConfiguration)?;
    let work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let found = operations::lookup(&work, call.actor.tenant, wanted.operation).await?;
    if !found.is_some_and(|operation| is_shown(call.actor, &operation)) {
        return Err(ActionError::not_found("operationId", "operation"));
    }
    ordered(work, DownloadContent::Results(wanted)).await
}

async fn ordered(mut work: Work<'_>, content: DownloadContent) -> Result<DownloadId, ActionError> {
    let (actor, at) = (work.actor().clone(), work.at());
    downloads::remove_expired(&work, at).await?;
    let id: DownloadId = work.context().id(at);
    let told = serde_json::to_value(&content).map_err(|error| StoreError::corrupt("downloads.content", error))?;
    let download = Download { tenant: actor.tenant, id, actor, content, created_at: at, expires_at: at + LIFETIME };
    downloads::insert(&work, &download).await?;
    // Who took what out of the house stands in the audit log.
    work.note(EventKind::Created, id, None, Some(told));
    work.commit(id).await
}

/// What an address opens; nothing for one that is not ours or whose time is over.
pub async fn find_download(cx: &Context, token: &str) -> Result<Option<Download>, StoreError> {
    let Some((tenant, id)) = cx.links.opens_download(token) else { return Ok(None) };
    let found = downloads::lookup(cx.store.reader(), tenant, id).await?;
    Ok(found.filter(|download| cx.clock.now() < download.expires_at))
}

async fn settled(work: &Work<'_>, wanted: &TableWanted) -> Result<LeadTable, ActionError> {
    let actor = work.actor();
    let catalog = held_catalog(work, actor.tenant).await?;
    let mut table = match &wanted.of {
        TableOf::List(id) => {
            let found = open(work, actor, *id).await?;
            let (list, _) = found.ok_or_else(|| ActionError::not_found("listId", "list"))?;
            LeadTable { name: list.name, base: list.base, filter: list.filter, sort: list.sort, columns: list.columns }
        }
        TableOf::Draft(base, filter) => LeadTable {
            name: "Leads".to_owned(),
            base: *base,
            filter: filter.check(&catalog)?.map(|rule| rule.text().to_owned()).unwrap_or_default(),
            sort: ListSort::default(),
            columns: columns::DEFAULT.iter().map(|path| (*path).to_owned()).collect(),
        },
    };
    if let Some(rule) = GivenFilter::kept(&table.filter).check(&catalog)? {
        refuse_hidden(actor, &rule)?;
    }
    table.sort = wanted.sort.unwrap_or(table.sort);
    if let Some(given) = &wanted.columns {
        table.columns = columns::read(given, &catalog)?;
    }
    Ok(table)
}
