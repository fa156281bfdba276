//! Deliveries: the outbox, the claims of mails, and all attempts.

use std::time::Duration;

use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult};
use serde::Deserialize;

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_text, insert_all, name_of, named, text_of, time};
use super::page::{Key, KeyPart, Order, Page, PageRequest, SortedBy, count_up_to, cut};
use super::placed::Rows;
use super::rows::delivery::{Column, Entity, Model};
use super::rows::{delivery_attempt, lead};
use super::scope::Scope;
use crate::domain::Timestamp;
use crate::domain::delivery::{Attempt, AttemptOutcome, Delivery, DeliveryState};
use crate::domain::id::{AttemptId, DeliveryId, LeadId, TenantId};
use crate::domain::message::Template;
use crate::domain::offer::Addressee;

/// By id, unless it is about a restricted copy that is kept from the scope.
pub async fn lookup(conn: &Conn, scope: &Scope, id: DeliveryId) -> Result<Option<Delivery<Template>>, StoreError> {
    Entity::find().filter(open_to(scope)).filter(Column::Id.eq(id.uuid())).row(conn).await?.map(listed).transpose()
}

/// All of the scope's tenant, but those about restricted copies that are kept from the scope.
fn open_to(scope: &Scope) -> Condition {
    let open = scope.unrestricted().map(|open| {
        // Looked up row by row as the page is filled: few copies are restricted.
        let copy = Query::select()
            .expr(Expr::val(1))
            .from(lead::Entity)
            .and_where(lead::Column::TenantId.eq(scope.tenant.uuid()))
            .and_where(Expr::col((lead::Entity, lead::Column::Id)).equals((Entity, Column::LeadId)))
            .cond_where(open)
            .take();
        Condition::any().add(Column::LeadId.is_null()).add(Expr::exists(copy))
    });
    Condition::all().add(Column::TenantId.eq(scope.tenant.uuid())).add_option(open)
}

/// All about these leads, oldest first.
pub async fn list_by_leads(
    conn: &Conn,
    tenant: TenantId,
    leads: &[LeadId],
) -> Result<Vec<Delivery<Template>>, StoreError> {
    if leads.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::LeadId.is_in(leads.iter().map(|id| id.uuid())))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id);
    query.rows(conn).await?.into_iter().map(listed).collect()
}

/// A page of the deliveries that are open to the scope by the time they were made, of one state or of all.
pub async fn list(
    conn: &Conn,
    scope: &Scope,
    state: Option<DeliveryState>,
    order: Order,
    page: &PageRequest,
) -> Result<Page<Delivery<Template>>, StoreError> {
    let sorted = SortedBy::new([(Column::CreatedAt, false), (Column::Id, false)], order);
    let condition = open_to(scope).add_option(state.map(|state| Column::State.eq(name_of(&state))));
    let rows = sorted.apply(Entity::find().filter(condition), page).rows(conn).await?;
    let key = |row: &Model| -> Key { vec![KeyPart::Int(row.created_at), KeyPart::Id(row.id)] };
    let found = cut(rows, page, key);
    found.try_map(listed)
}

/// How many there are, of one state or of all, counted up to `up_to`.
pub async fn count(conn: &Conn, scope: &Scope, state: Option<DeliveryState>, up_to: u64) -> Result<u64, StoreError> {
    let query = Entity::find()
        .filter(open_to(scope))
        .filter(Condition::all().add_option(state.map(|state| Column::State.eq(name_of(&state)))));
    count_up_to(conn, query, up_to).await
}

/// Every attempt of a delivery, in order.
pub async fn attempts(conn: &Conn, tenant: TenantId, id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
    use delivery_attempt::Column;
    let query = delivery_attempt::Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::DeliveryId.eq(id.uuid()))
        .order_by_asc(Column::Number);
    let attempt = |row: delivery_attempt::Model| {
        Ok(Attempt {
            delivery: row.delivery_id.into(),
            number: u32::try_from(row.number).unwrap_or(u32::MAX),
            outcome: named("delivery_attempts.outcome", row.outcome)?,
            detail: row.detail,
            attempted_at: time(row.attempted_at),
        })
    };
    query.rows(conn).await?.into_iter().map(attempt).collect()
}

/// New deliveries.
pub async fn insert(conn: &Conn, deliveries: Vec<Delivery>) -> Result<(), StoreError> {
    let rows = deliveries.into_iter().map(row).collect::<Result<_, _>>()?;
    insert_all(conn, rows).await
}

/// Attempts that were made elsewhere or long ago, under these ids; [`record`] writes those of our own workers.
pub async fn insert_attempts(
    conn: &Conn,
    tenant: TenantId,
    attempts: &[(AttemptId, Attempt)],
) -> Result<(), StoreError> {
    let row = |(id, attempt): &(AttemptId, Attempt)| delivery_attempt::Model {
        tenant_id: tenant.uuid(),
        id: id.uuid(),
        delivery_id: attempt.delivery.uuid(),
        number: i64::from(attempt.number),
        outcome: name_of(&attempt.outcome),
        detail: attempt.detail.clone(),
        attempted_at: attempt.attempted_at.micros(),
    };
    insert_all(conn, attempts.iter().map(row).collect()).await
}

/// What a worker took to be sent.
#[derive(Debug, Default)]
pub struct Claimed {
    /// In no particular order.
    pub deliveries: Vec<Delivery>,
    /// Rows that can't be read; they wait out the lease, and nothing waits for them.
    pub unreadable: Vec<(DeliveryId, StoreError)>,
}

/// Which rows leave by mail: word for word the condition of their index.
const MAIL: &str = "next_attempt_at is not null and channel in ('EMAIL', 'ADF_EMAIL')";

/// Takes up to `limit` mails that may be sent now, in one statement. Until `lease` has passed nobody else takes them; a worker
/// that dies leaves them to the next one after that.
pub async fn claim(conn: &Conn, now: Timestamp, lease: Duration, limit: u64) -> Result<Claimed, StoreError> {
    let lock = if conn.is_postgres() { "for update skip locked" } else { "" };
    let sql = format!(
        "update deliveries set attempts = attempts + 1, next_attempt_at = $1, is_held = (channel = 'ADF_EMAIL')
         where (tenant_id, id) in (
           select tenant_id, id from deliveries where {MAIL} and next_attempt_at <= $2
           order by next_attempt_at limit $3 {lock})
         returning *"
    );
    let values = vec![(now + lease).micros().into(), now.micros().into(), limit.into()];
    Claimed::read(conn.query_sql(&sql, values).await?)
}

impl Claimed {
    pub(super) fn read(rows: Vec<QueryResult>) -> Result<Self, StoreError> {
        let mut claimed = Self::default();
        for row in rows {
            let row = Model::from_query_result(&row, "")?;
            let id = row.id.into();
            match domain(row) {
                Ok(delivery) => claimed.deliveries.push(delivery),
                Err(error) => claimed.unreadable.push((id, error)),
            }
        }
        Ok(claimed)
    }
}

/// The earliest moment at which a mail may be sent.
pub async fn next_due(conn: &Conn) -> Result<Option<Timestamp>, StoreError> {
    earliest(conn, MAIL).await
}

/// The earliest moment at which one of `which` may be sent.
pub(super) async fn earliest(conn: &Conn, which: &str) -> Result<Option<Timestamp>, StoreError> {
    let sql = format!("select min(next_attempt_at) as next from deliveries where {which}");
    let rows = conn.query_sql(&sql, Vec::new()).await?;
    let next: Option<i64> = rows.first().map(|row| row.try_get("", "next")).transpose()?.flatten();
    Ok(next.map(Timestamp::from_micros))
}

/// How a claimed delivery's attempt ended.
#[derive(Clone, Debug)]
pub struct AttemptRecord {
    /// Of the attempt's own row.
    pub id: AttemptId,
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: AttemptOutcome,
    /// The receiving server's words or ours.
    pub detail: Option<String>,
    /// When to try again, for a retry.
    pub next_attempt_at: Option<Timestamp>,
}

/// Records an attempt. Says whether the delivery was still ours: if not, another worker had taken it over after the lease.
pub async fn record<M: Sync>(conn: &Conn, delivery: &Delivery<M>, record: &AttemptRecord) -> Result<bool, StoreError> {
    let state = match record.outcome {
        AttemptOutcome::Sent => DeliveryState::Sent,
        AttemptOutcome::Retry => DeliveryState::Pending,
        AttemptOutcome::Failed => DeliveryState::Failed,
    };
    let sent_at = (state == DeliveryState::Sent).then(|| record.at.micros());
    let error = if state == DeliveryState::Sent { None } else { record.detail.clone() };
    let touched = Entity::update_many()
        .col_expr(Column::State, Expr::val(name_of(&state)))
        .col_expr(Column::NextAttemptAt, Expr::val(record.next_attempt_at.map(Timestamp::micros)))
        .col_expr(Column::SentAt, Expr::val(sent_at))
        .col_expr(Column::LastError, Expr::val(error))
        .col_expr(Column::IsHeld, Expr::val(false))
        .filter(Column::TenantId.eq(delivery.tenant.uuid()))
        .filter(Column::Id.eq(delivery.id.uuid()))
        .filter(Column::State.eq(name_of(&DeliveryState::Pending)))
        .filter(Column::Attempts.eq(i64::from(delivery.attempts)))
        .exec(conn)
        .await?;
    if touched.rows_affected != 1 {
        return Ok(false);
    }
    let attempt = delivery_attempt::Model {
        tenant_id: delivery.tenant.uuid(),
        id: record.id.uuid(),
        delivery_id: delivery.id.uuid(),
        number: i64::from(delivery.attempts),
        outcome: name_of(&record.outcome),
        detail: record.detail.clone(),
        attempted_at: record.at.micros(),
    };
    insert_all(conn, vec![attempt]).await?;
    Ok(true)
}

/// Gives a claimed delivery back as it was, because nothing came of it; not if another worker has taken it over.
pub async fn hand_back(conn: &Conn, delivery: &Delivery, at: Timestamp) -> Result<(), StoreError> {
    let touched = Entity::update_many()
        .col_expr(Column::NextAttemptAt, Expr::val(at.micros()))
        .col_expr(Column::Attempts, Expr::val(i64::from(delivery.attempts) - 1))
        .col_expr(Column::IsHeld, Expr::val(false))
        .filter(Column::TenantId.eq(delivery.tenant.uuid()))
        .filter(Column::Id.eq(delivery.id.uuid()))
        .filter(Column::State.eq(name_of(&DeliveryState::Pending)))
        .filter(Column::Attempts.eq(i64::from(delivery.attempts)));
    touched.exec(conn).await?;
    Ok(())
}

/// Takes a claimed delivery out of the outbox for good, because it no longer makes sense. Says whether it was still ours.
pub async fn cancel(conn: &Conn, delivery: &Delivery, reason: &str) -> Result<bool, StoreError> {
    let touched = Entity::update_many()
        .col_expr(Column::State, Expr::val(name_of(&DeliveryState::Cancelled)))
        .col_expr(Column::NextAttemptAt, Expr::val(None::<i64>))
        .col_expr(Column::LastError, Expr::val(reason))
        .col_expr(Column::IsHeld, Expr::val(false))
        .filter(Column::TenantId.eq(delivery.tenant.uuid()))
        .filter(Column::Id.eq(delivery.id.uuid()))
        .filter(Column::State.eq(name_of(&DeliveryState::Pending)))
        .filter(Column::Attempts.eq(i64::from(delivery.attempts)))
        .exec(conn)
        .await?;
    Ok(touched.rows_affected == 1)
}

/// Puts a given-up delivery back into the outbox; whether it was one.
pub async fn resend(conn: &Conn, tenant: TenantId, id: DeliveryId, at: Timestamp) -> Result<bool, StoreError> {
    let touched = Entity::update_many()
        .col_expr(Column::State, Expr::val(name_of(&DeliveryState::Pending)))
        .col_expr(Column::NextAttemptAt, Expr::val(at.micros()))
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::State.eq(name_of(&DeliveryState::Failed)))
        .exec(conn)
        .await?;
    Ok(touched.rows_affected == 1)
}

fn domain(row: Model) -> Result<Delivery, StoreError> {
    let message = from_text("deliveries.message", &row.message)?;
    with(message, row)
}

/// A delivery of whose message only the template is read.
fn listed(row: Model) -> Result<Delivery<Template>, StoreError> {
    #[derive(Deserialize)]
    struct Templated {
        template: Template,
    }
    let Templated { template } = from_text("deliveries.message", &row.message)?;
    with(template, row)
}

fn with<M>(message: M, row: Model) -> Result<Delivery<M>, StoreError> {
    let contact = row.contact_id.map(|id| Addressee::Contact(id.into()));
    Ok(Delivery {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        lead: row.lead_id.map(Into::into),
        offer: row.offer_id.map(Into::into),
        addressee: contact.or(row.user_id.map(|id| Addressee::User(id.into()))),
        channel: named("deliveries.channel", row.channel)?,
        address: row.address,
        message,
        state: named("deliveries.state", row.state)?,
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        next_attempt_at: row.next_attempt_at.map(time),
        sent_at: row.sent_at.map(time),
        last_error: row.last_error,
        created_at: time(row.created_at),
    })
}

fn row(delivery: Delivery) -> Result<Model, StoreError> {
    let (contact_id, user_id) = match delivery.addressee {
        Some(Addressee::Contact(contact)) => (Some(contact.uuid()), None),
        Some(Addressee::User(user)) => (None, Some(user.uuid())),
        None => (None, None),
    };
    Ok(Model {
        tenant_id: delivery.tenant.uuid(),
        id: delivery.id.uuid(),
        lead_id: delivery.lead.map(LeadId::uuid),
        offer_id: delivery.offer.map(|id| id.uuid()),
        contact_id,
        user_id,
        channel: name_of(&delivery.channel),
        address: delivery.address,
        message: text_of("deliveries.message", &delivery.message)?,
        state: name_of(&delivery.state),
        attempts: i64::from(delivery.attempts),
        next_attempt_at: delivery.next_attempt_at.map(Timestamp::micros),
        sent_at: delivery.sent_at.map(Timestamp::micros),
        last_error: delivery.last_error,
        created_at: delivery.created_at.micros(),
        is_held: false,
    })
}
