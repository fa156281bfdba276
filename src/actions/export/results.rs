//! What became of each lead of an operation as CSV, page by page by its place in the plan. Of one that still runs, what is there so far.

use std::collections::HashMap;

use super::cell;
use super::file::Place;
use super::lines::Lines;
use crate::actions::operations::is_shown;
use crate::actions::{ActionError, Context};
use crate::domain::actor::Actor;
use crate::domain::download::ResultTable;
use crate::domain::id::{DealerId, OperationId, TenantId, UserId};
use crate::domain::lead::Recipient;
use crate::domain::operation::{Item, ItemResult, Outcome};
use crate::store::operations::{self, items, results};
use crate::store::{Conn, PageRequest, StoreError, dealers, users};

/// As long as a page of leads: each line stands for a lead with all that an undo needs.
const PAGE_ROWS: u64 = 500;

const HEADINGS: [&str; 9] = [
    "Position",
    "Lead id",
    "Request id",
    "Outcome",
    "Reason code",
    "Reason",
    "Copy ids",
    "Recipient ids",
    "Recipients",
];

/// A table of results that is being written.
pub struct ResultExport {
    conn: Conn,
    of: (TenantId, OperationId),
    outcomes: Vec<Outcome>,
    place: Place,
}

impl ResultExport {
    /// Makes ready to write a table for an actor who sees the operation.
    pub async fn open(cx: &Context, actor: &Actor, table: &ResultTable) -> Result<Self, ActionError> {
        let conn = cx.store.reader().clone();
        let found = operations::lookup(&conn, actor.tenant, table.operation).await?;
        if !found.is_some_and(|operation| is_shown(actor, &operation)) {
            return Err(ActionError::not_found("operationId", "operation"));
        }
        let of = (actor.tenant, table.operation);
        Ok(Self { conn, of, outcomes: table.outcomes.clone(), place: Place::Before })
    }

    /// The next part of the file, the first with its headings; nothing when it is whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut lines = Lines::new();
        let after = match &self.place {
            Place::End => return Ok(None),
            Place::Before => {
                lines.add(HEADINGS.map(str::to_owned))?;
                None
            }
            Place::After(key) => Some(key.clone()),
        };
        let page = PageRequest { after, ..PageRequest::first(PAGE_ROWS) };
        let found = results::list(&self.conn, self.of, &self.outcomes, &page).await?;
        let last = found.rows.last().map(|(key, _)| key.clone()).filter(|_| found.has_next);
        let done = found.into_rows();
        let positions: Vec<i64> = done.iter().map(|result| result.position).collect();
        let planned = items::lookup_many(&self.conn, self.of, &positions).await?;
        let planned: HashMap<i64, Item> = planned.into_iter().map(|item| (item.position, item)).collect();
        let names = self.names(&planned).await?;
        for result in &done {
            let item = planned.get(&result.position);
            let item =
                item.ok_or_else(|| StoreError::corrupt("operation_items.position", "a result without a plan"))?;
            lines.add(cells(result, item, &names))?;
        }
        self.place = last.map_or(Place::End, Place::After);
        lines.finish().map(Some)
    }

    /// What people call those to whom leads went.
    async fn names(&self, planned: &HashMap<i64, Item>) -> Result<HashMap<Recipient, String>, StoreError> {
        let (mut of_dealers, mut of_users): (Vec<DealerId>, Vec<UserId>) = (Vec::new(), Vec::new());
        for target in planned.values().flat_map(|item| item.planned.targets()) {
            match target.recipient {
                Recipient::Dealer(id) => of_dealers.push(id),
                Recipient::User(id) => of_users.push(id),
            }
        }
        of_dealers.sort_unstable();
        of_dealers.dedup();
        of_users.sort_unstable();
        of_users.dedup();
        let mut names = HashMap::new();
        for dealer in dealers::lookup_many(&self.conn, self.of.0, &of_dealers).await? {
            names.insert(Recipient::Dealer(dealer.id), dealer.name);
        }
        for user in users::lookup_many(&self.conn, self.of.0, &of_users).await? {
            names.insert(Recipient::User(user.id), user.name());
        }
        Ok(names)
    }
}

fn cells(result: &ItemResult, item: &Item, names: &HashMap<Recipient, String>) -> Vec<String> {
    // Where a lead went stands in the plan, which is never changed; the copies may be elsewhere by now.
    let targets = if result.outcome == Outcome::Changed { item.planned.targets() } else { &[] };
    let ids = targets.iter().map(|target| target.recipient.id());
    let called = targets.iter().map(|target| names.get(&target.recipient).map(String::as_str).unwrap_or_default());
    let problem = result.problem.as_ref();
    vec![
        result.position.to_string(),
        result.lead.to_string(),
        item.request.to_string(),
        cell::name(&result.outcome),
        problem.map(|problem| cell::name(&problem.code)).unwrap_or_default(),
        problem.map(|problem| cell::text(&problem.text)).unwrap_or_default(),
        cell::list(result.copies.iter().map(|copy| copy.lead.to_string())),
        cell::list(ids),
        cell::list(called),
    ]
}
