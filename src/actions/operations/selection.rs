//! Which leads an operation takes: what somebody said, checked when it is prepared, and read lead by lead on the server.

use serde_json::Value;

use crate::actions::Context;
use crate::actions::error::ActionError;
use crate::actions::lists;
use crate::actions::sight::refuse_hidden;
use crate::domain::actor::Actor;
use crate::domain::id::{LeadId, ListId};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::operation::{NAMED_LEADS_MAX, Operation, Selection};
use crate::domain::{Invalid, InvalidCode, Timestamp};
use crate::rules::{self, Checked, Diagnostic, Expect, typed};
use crate::store::leads::{Among, Selected, list_selected};
use crate::store::rule::{Pushed, Rows, refusals};
use crate::store::{Conn, Scope, StoreError, leads};

/// The most ids that a refusal names: enough to see what is wrong with the list.
const NAMED_PROBLEMS_MAX: usize = 20;
/// Ids that are looked up at once.
const LOOKED_UP_MAX: usize = 1_000;

/// Which leads somebody wants.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// All within reach; said by `true`, so that nobody takes all by leaving something out.
    All(bool),
    /// Those for which CEL text holds.
    Filter(String),
    /// Those for which a typed condition holds.
    Where(Value),
    /// Those that a list shows.
    List(ListId),
    /// Those with these ids.
    Leads(Vec<LeadId>),
}

/// The selection as it is stored, and the ids that it names; or all that is wrong with it.
pub(super) async fn check(
    context: &Context,
    conn: &Conn,
    actor: &Actor,
    wanted: Wanted,
) -> Result<(Selection, Vec<LeadId>), ActionError> {
    match wanted {
        Wanted::All(true) => Ok((Selection::All, Vec::new())),
        Wanted::All(false) => {
            Err(refused("all", InvalidCode::NotAllowed, "`all` can only be true, name the leads otherwise"))
        }
        Wanted::Filter(text) => {
            if text.trim().is_empty() {
                let message = "an empty filter selects nothing; to take all leads say so by `all: true`";
                return Err(refused("filter", InvalidCode::Required, message));
            }
            let catalog = context.catalogs.load(conn, actor.tenant).await?;
            let checked = rules::check(&text, &catalog, rules::Context::LeadCondition, Expect::Condition);
            let checked = checked.map_err(|problems| unsound("filter", &problems))?;
            refuse_hidden(actor, &checked)?;
            Ok((Selection::Filter { text: condition(&checked, &catalog, "filter")? }, Vec::new()))
        }
        Wanted::Where(input) => {
            let catalog = context.catalogs.load(conn, actor.tenant).await?;
            let told = |problem: Invalid| problem.under("where").under("selection");
            let checked = typed::read(&input, &catalog, rules::Context::LeadCondition)
                .map_err(|problems| ActionError::from(problems.into_iter().map(told).collect::<Vec<_>>()))?;
            refuse_hidden(actor, &checked)?;
            Ok((Selection::Filter { text: condition(&checked, &catalog, "where")? }, Vec::new()))
        }
        Wanted::List(id) => {
            let found = lists::open(conn, actor, id).await?;
            let (list, _) =
                found.ok_or_else(|| refused("listId", InvalidCode::NotFound, "there is no such list".to_owned()))?;
            let opened = lists::opened(context, conn, actor, &list).await?;
            let text = opened.rule.map(|rule| condition(&rule, &opened.catalog, "listId")).transpose()?;
            Ok((Selection::List { list: id, text }, Vec::new()))
        }
        Wanted::Leads(ids) => named(conn, actor, ids).await,
    }
}

/// The canonical text, if the database can be asked it.
fn condition(checked: &Checked, catalog: &rules::Catalog, argument: &str) -> Result<String, ActionError> {
    let problems = refusals(checked, catalog, Rows::Leads);
    if !problems.is_empty() {
        return Err(unsound(argument, &problems));
    }
    Ok(checked.text().to_owned())
}

fn unsound(argument: &str, problems: &[Diagnostic]) -> ActionError {
    let told =
        |problem: &Diagnostic| Invalid::new(argument, InvalidCode::Expression, problem.to_string()).under("selection");
    problems.iter().map(told).collect::<Vec<_>>().into()
}

fn refused(field: &str, code: InvalidCode, message: impl Into<String>) -> ActionError {
    Invalid::new(field, code, message).under("selection").into()
}

/// Ids that somebody named, each once: all of them must be within reach.
async fn named(conn: &Conn, actor: &Actor, ids: Vec<LeadId>) -> Result<(Selection, Vec<LeadId>), ActionError> {
    if ids.is_empty() {
        return Err(refused("leadIds", InvalidCode::Required, "name at least one lead"));
    }
    if ids.len() > NAMED_LEADS_MAX {
        let message = format!("{} leads, at most {NAMED_LEADS_MAX} can be named, use a filter", ids.len());
        return Err(refused("leadIds", InvalidCode::TooLong, message));
    }
    let scope = Scope::of(actor);
    let mut known = std::collections::HashSet::with_capacity(ids.len());
    for some in ids.chunks(LOOKED_UP_MAX) {
        known.extend(leads::lookup_many(conn, &scope, some).await?.into_iter().map(|lead| lead.id));
    }
    let missing = ids.iter().enumerate().filter(|(_, id)| !known.contains(id));
    let problem = |(index, id): (usize, &LeadId)| {
        Invalid::new(&index.to_string(), InvalidCode::NotFound, format!("there is no such lead: `{id}`"))
            .under("leadIds")
            .under("selection")
    };
    let problems: Vec<Invalid> = missing.take(NAMED_PROBLEMS_MAX).map(problem).collect();
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let mut ids: Vec<LeadId> = known.into_iter().collect();
    ids.sort_unstable();
    Ok((Selection::Named { count: ids.len() }, ids))
}

/// The next leads of an operation's selection, by id, within the reach of whoever asked for it. Leads that came after it was asked for
/// are not among them.
pub(super) async fn next(
    context: &Context,
    conn: &Conn,
    operation: &Operation,
    limit: u64,
) -> Result<Vec<Lead>, StoreError> {
    let (rule, among) = match &operation.selection {
        // What was shared out is what is planned, whatever else came to be selected meanwhile.
        _ if operation.is_shared_out => (None, Some(Among::Named(operation.id))),
        Selection::All | Selection::ChangedBy { .. } | Selection::List { text: None, .. } => (None, None),
        Selection::Filter { text } | Selection::List { text: Some(text), .. } => {
            (Some(pushed(context, conn, operation, text).await?), None)
        }
        Selection::Named { .. } => (None, Some(Among::Named(operation.id))),
        Selection::LeftBy { operation } => (None, Some(Among::LeftBy(*operation))),
    };
    let made_before = Some(Timestamp::from_micros(operation.created_at.micros().saturating_add(1)));
    let selected = Selected { after: operation.cursor, made_before, rule, among };
    list_selected(conn, &Scope::of(&operation.actor), &selected, limit).await
}

/// The next leads that somebody has open and that the operation's plan does not hold as they are now, whenever they came.
pub(super) async fn late(
    context: &Context,
    conn: &Conn,
    operation: &Operation,
    who: Recipient,
    limit: u64,
) -> Result<Vec<Lead>, StoreError> {
    let rule = Some(pushed(context, conn, operation, &open_leads_of(who)).await?);
    let selected = Selected { rule, among: Some(Among::NotPlanned(operation.id)), ..Selected::default() };
    list_selected(conn, &Scope::of(&operation.actor), &selected, limit).await
}

/// All that somebody has in hand, as CEL over `lead`.
pub(super) fn open_leads_of(who: Recipient) -> String {
    let theirs = match who {
        Recipient::Dealer(id) => format!("lead.dealer.id == '{id}'"),
        Recipient::User(id) => format!("lead.owner.id == '{id}'"),
    };
    format!("{theirs} && lead.state in ['OFFERED', 'ACKNOWLEDGED', 'ACCEPTED']")
}

/// The condition for the database, at the moment at which the operation was asked for.
async fn pushed(context: &Context, conn: &Conn, operation: &Operation, text: &str) -> Result<Pushed, StoreError> {
    let catalog = context.catalogs.load(conn, operation.tenant).await?;
    let gone = |problems: Vec<Diagnostic>| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        StoreError::corrupt("operations.selection", told.join("; "))
    };
    let checked = rules::check(text, &catalog, rules::Context::LeadCondition, Expect::Condition).map_err(gone)?;
    Pushed::condition(conn, (&checked, &catalog), Rows::Leads, operation.created_at).map_err(gone)
}
