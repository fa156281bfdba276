//! Leaving the network: who has open leads can't go before it is said where they go, and what still names them is shown (SPEC BULK-9).

use crate::actions::{ActionError, Context, Work};
use crate::domain::InvalidCode;
use crate::domain::id::TenantId;
use crate::domain::job::{Fallback, Job};
use crate::domain::lead::Recipient;
use crate::rules::{self, Checked};
use crate::store::leads::count_open;
use crate::store::{Conn, StoreError, dealers, jobs, tenants, users};

use super::usage::expressions_in_use;

/// What is to become of the leads of somebody who is deactivated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenLeads {
    /// Nobody said: with any, it is refused.
    Unsaid,
    /// An operation hands them on.
    HandedOn,
}

/// Refuses to let somebody go whose open leads nobody has spoken of.
pub(super) async fn check_open(conn: &Conn, tenant: TenantId, who: Recipient, name: &str) -> Result<(), ActionError> {
    let open = count_open(conn, tenant, who).await?;
    if open == 0 {
        return Ok(());
    }
    let leads = if open == 1 { "1 open lead".to_owned() } else { format!("{open} open leads") };
    let message = format!("`{name}` has {leads}: say where they go, with `prepareDeparture`");
    Err(ActionError::refused("active", InvalidCode::InUse, message))
}

/// Takes somebody out of the network in the transaction that begins to hand their leads on.
pub async fn leave(work: &mut Work<'_>, who: Recipient) -> Result<(), ActionError> {
    set_active(work, who, false).await
}

/// Takes somebody in again whose leaving is undone.
pub async fn come_back(work: &mut Work<'_>, who: Recipient) -> Result<(), ActionError> {
    set_active(work, who, true).await
}

async fn set_active(work: &mut Work<'_>, who: Recipient, active: bool) -> Result<(), ActionError> {
    tenants::raise_network_version(work, work.actor().tenant).await?;
    match who {
        Recipient::Dealer(id) => super::dealers::set_active(work, id, active).await,
        Recipient::User(id) => super::users::set_active(work, id, active).await,
    }
}

/// Why somebody can't leave yet, their open leads aside: what would be without a fallback.
pub async fn check_may_leave(work: &Work<'_>, who: Recipient) -> Result<(), ActionError> {
    match who {
        Recipient::Dealer(id) => super::dealers::check_may_leave(work, id).await,
        Recipient::User(id) => super::users::check_may_leave(work, id).await,
    }
}

/// The rules in use that name a recipient, each once: by a fallback, or by its id, number or mail address in an expression.
pub async fn rules_naming(
    context: &Context,
    conn: &Conn,
    tenant: TenantId,
    who: Recipient,
) -> Result<Vec<String>, StoreError> {
    let falls_back =
        |job: &Job| matches!((job.fallback, who), (Fallback::User(user), Recipient::User(id)) if user == id);
    let jobs = jobs::list_all(conn, tenant).await?;
    let mut naming: Vec<String> =
        jobs.iter().filter(|job| falls_back(job)).map(|job| format!("job `{}`", job.name)).collect();
    let names = names(conn, tenant, who).await?;
    let catalog = context.catalogs.load(conn, tenant).await?;
    for stored in expressions_in_use(conn, tenant).await? {
        let checked = rules::check(&stored.text, &catalog, stored.context, stored.expect);
        if checked.is_ok_and(|checked| mentions(&checked, &names)) && !naming.contains(&stored.owner) {
            naming.push(stored.owner);
        }
    }
    Ok(naming)
}

/// By what an expression may name a recipient: the end of the field's name, and the value.
async fn names(conn: &Conn, tenant: TenantId, who: Recipient) -> Result<Vec<(&'static str, String)>, StoreError> {
    Ok(match who {
        Recipient::Dealer(id) => {
            let number = dealers::lookup(conn, tenant, id).await?.map(|dealer| (".number", dealer.number));
            let own = [("dealer.id", id.to_string()), (".dealer_id", id.to_string())];
            own.into_iter().chain(number).collect()
        }
        Recipient::User(id) => {
            let email = users::lookup(conn, tenant, id).await?.map(|user| (".email", user.email));
            let own = [("user.id", id.to_string()), ("owner.id", id.to_string())];
            own.into_iter().chain(email).collect()
        }
    })
}

/// Whether some term holds such a field against such a value.
fn mentions(checked: &Checked, names: &[(&str, String)]) -> bool {
    checked.terms().iter().any(|term| {
        let reads = |end: &str| term.fields.iter().any(|field| field.path.ends_with(end));
        names.iter().any(|(end, value)| reads(end) && term.text.contains(&rules::quoted(value)))
    })
}
