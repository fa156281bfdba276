//! Requests: what customers asked for, with their personal data.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{AddressColumns, address, insert_all, name_of, named, one_of, point, time};
use super::placed::Rows;
use super::rows::request::{Column, Entity, Model};
use crate::domain::id::{RequestId, TenantId};
use crate::domain::request::{Interest, Person, Request};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: RequestId) -> Result<Option<Request>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// Several by id, in no particular order; ids that do not exist are left out.
pub async fn lookup_many(conn: &Conn, tenant: TenantId, ids: &[RequestId]) -> Result<Vec<Request>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.iter().map(|id| id.uuid());
    let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).filter(one_of(conn, Column::Id, ids));
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// By the partner's own reference.
pub async fn find_by_external_id(
    conn: &Conn,
    tenant: TenantId,
    source: &str,
    external_id: &str,
) -> Result<Option<Request>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Source.eq(source))
        .filter(Column::ExternalId.eq(external_id));
    query.row(conn).await?.map(domain).transpose()
}

/// Those of these pairs of source and reference that are known.
pub async fn list_external_ids(
    conn: &Conn,
    tenant: TenantId,
    references: &[(String, String)],
) -> Result<Vec<(String, String)>, StoreError> {
    if references.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .select_only()
        .columns([Column::Source, Column::ExternalId])
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Source.is_in(references.iter().map(|(source, _)| source)))
        .filter(Column::ExternalId.is_in(references.iter().map(|(_, id)| id)));
    Ok(query.into_tuple().all(conn).await?)
}

/// New requests.
pub async fn insert(conn: &Conn, requests: &[Request]) -> Result<(), StoreError> {
    insert_all(conn, requests.iter().map(row).collect()).await
}

/// Locks requests until the transaction ends, in the order of their ids so that two never wait for each other. Whoever changes a
/// copy of a request holds its request first: this is what makes "yours" and "expired" exclude each other.
pub async fn lock(conn: &Conn, tenant: TenantId, ids: &[RequestId]) -> Result<(), StoreError> {
    if !conn.is_postgres() || ids.is_empty() {
        return Ok(());
    }
    // One text whatever the number of ids, so that the statement is planned once.
    let ids: Vec<String> = ids.iter().map(|id| id.uuid().to_string()).collect();
    let sql =
        "select id from requests where tenant_id = $1 and id = any(cast($2 as text)::uuid[]) order by id for update";
    conn.query_sql(sql, vec![tenant.uuid().into(), format!("{{{}}}", ids.join(",")).into()]).await.map(drop)
}

fn domain(row: Model) -> Result<Request, StoreError> {
    let source = row.point_source.map(|name| named("requests.point_source", name)).transpose()?;
    Ok(Request {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        external_id: row.external_id,
        source: row.source,
        campaign: row.campaign,
        interest: Interest { brand: row.brand, product: row.product, kind: row.interest },
        person: Person { first_name: row.first_name, last_name: row.last_name, email: row.email, phone: row.phone },
        address: address(
            "requests.postal_code",
            AddressColumns {
                street: row.street,
                city: row.city,
                region: row.region,
                country: row.country,
                postal_code: row.postal_code,
            },
        )?,
        point: point("requests.lat", row.lat, row.lon)?.zip(source),
        comments: row.comments,
        language: row.language,
        received_at: time(row.received_at),
        created_by: row.created_by,
    })
}

fn row(request: &Request) -> Model {
    let (person, address, interest) = (request.person.clone(), request.address.clone(), request.interest.clone());
    Model {
        tenant_id: request.tenant.uuid(),
        id: request.id.uuid(),
        external_id: request.external_id.clone(),
        source: request.source.clone(),
        campaign: request.campaign.clone(),
        brand: interest.brand,
        product: interest.product,
        interest: interest.kind,
        first_name: person.first_name,
        last_name: person.last_name,
        email: person.email,
        phone: person.phone,
        street: address.street,
        city: address.city,
        region: address.region,
        country: address.country.to_string(),
        postal_code: address.postal_code.map(|code| code.to_string()),
        lat: request.point.map(|(point, _)| point.lat()),
        lon: request.point.map(|(point, _)| point.lon()),
        point_source: request.point.map(|(_, source)| name_of(&source)),
        comments: request.comments.clone(),
        language: request.language.clone(),
        received_at: request.received_at.micros(),
        created_by: request.created_by.clone(),
    }
}
