//! Copies of which their new owners are still to be told, once for a whole operation.

use std::collections::BTreeMap;

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Value};
use uuid::Uuid;

use crate::domain::id::{LeadId, OperationId, TenantId};
use crate::domain::lead::Recipient;
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::map::insert_all;
use crate::store::rows::operation_untold::{Column, Entity, Model};

/// What one recipient is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// Who.
    pub recipient: Recipient,
    /// The first copies that still wait for the recipient's answer.
    pub leads: Vec<LeadId>,
    /// How many wait in all.
    pub count: i64,
}

/// Copies that were handed on, with whom they went to.
pub async fn insert(
    conn: &Conn,
    (tenant, id): (TenantId, OperationId),
    copies: &[(Recipient, LeadId)],
) -> Result<(), StoreError> {
    let row = |(recipient, lead): &(Recipient, LeadId)| {
        let (kind, recipient_id) = match recipient {
            Recipient::Dealer(id) => ("DEALER", id.uuid()),
            Recipient::User(id) => ("USER", id.uuid()),
        };
        let (tenant_id, operation_id) = (tenant.uuid(), id.uuid());
        Model { tenant_id, operation_id, recipient_id, lead_id: lead.uuid(), kind: kind.to_owned() }
    };
    insert_all(conn, copies.iter().map(row).collect()).await
}

/// The next recipients to be told, at most so many, each with at most so many copies; nobody when all were told. INVARIANT: the transaction
/// holds the operation.
pub async fn list(
    conn: &Conn,
    (tenant, id): (TenantId, OperationId),
    (recipients_max, leads_max): (u64, u64),
) -> Result<Vec<Untold>, StoreError> {
    let sql = "select distinct recipient_id, kind from operation_untold where tenant_id = $1 and operation_id = $2
        order by recipient_id limit $3";
    let of: [Value; 2] = [tenant.uuid().into(), id.uuid().into()];
    let rows = conn.query_sql(sql, of.iter().cloned().chain([recipients_max.into()]).collect()).await?;
    let mut next: BTreeMap<Uuid, Untold> = BTreeMap::new();
    for row in rows {
        let (id, kind): (Uuid, String) = (row.try_get("", "recipient_id")?, row.try_get("", "kind")?);
        let recipient = if kind == "USER" { Recipient::User(id.into()) } else { Recipient::Dealer(id.into()) };
        next.insert(id, Untold { recipient, leads: Vec::new(), count: 0 });
    }
    if next.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (4..next.len() + 4).map(|place| format!("${place}")).collect();
    // What was answered or went on elsewhere meanwhile is nothing to tell any more.
    let sql = format!(
        "select recipient_id, lead_id, waiting from (
           select u.recipient_id, u.lead_id, row_number() over (partition by u.recipient_id order by u.lead_id) as place,
                  count(*) over (partition by u.recipient_id) as waiting
           from operation_untold u join leads l on l.tenant_id = u.tenant_id and l.id = u.lead_id
           where u.tenant_id = $1 and u.operation_id = $2 and u.recipient_id in ({})
             and l.state = 'OFFERED' and coalesce(l.dealer_id, l.user_id) = u.recipient_id) numbered
         where place <= $3 order by recipient_id, place",
        places.join(", ")
    );
    let ids = next.keys().map(|id| Value::from(*id));
    let values = of.iter().cloned().chain([leads_max.into()]).chain(ids).collect();
    for row in conn.query_sql(&sql, values).await? {
        let (id, lead): (Uuid, Uuid) = (row.try_get("", "recipient_id")?, row.try_get("", "lead_id")?);
        if let Some(untold) = next.get_mut(&id) {
            untold.leads.push(lead.into());
            untold.count = row.try_get("", "waiting")?;
        }
    }
    Ok(next.into_values().collect())
}

/// These were told: of what is listed, and of all that they have if that was all.
pub async fn remove(conn: &Conn, (tenant, id): (TenantId, OperationId), told: &[Untold]) -> Result<(), StoreError> {
    let (whole, part): (Vec<&Untold>, Vec<&Untold>) = told.iter().partition(|one| one.count == one.leads.len() as i64);
    let recipients = whole.iter().map(|one| match one.recipient {
        Recipient::Dealer(id) => id.uuid(),
        Recipient::User(id) => id.uuid(),
    });
    let leads = part.iter().flat_map(|one| &one.leads).map(|id| id.uuid());
    let those = Condition::any().add(Column::RecipientId.is_in(recipients)).add(Column::LeadId.is_in(leads));
    let told = Entity::delete_many()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::OperationId.eq(id.uuid()))
        .filter(those);
    told.exec(conn).await.map(drop).map_err(Into::into)
}
