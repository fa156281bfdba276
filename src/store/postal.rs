//! Postal codes that a tenant imported; they come before the tables in the program.

use sea_orm::sea_query::{Condition, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};

use super::conn::Conn;
use super::error::StoreError;
use super::map::point;
use super::placed::Rows;
use super::rows::postal_code::{ActiveModel, Column, Entity, Model};
use crate::domain::id::TenantId;
use crate::domain::{CountryCode, Point, PostalCode};

/// A postal code with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedCode {
    /// Whose code it is.
    pub country: CountryCode,
    /// The code, normalised.
    pub code: PostalCode,
    /// The name of the place, may be empty.
    pub place: String,
    /// The state or province, may be empty.
    pub region: String,
    /// The middle of the code's area.
    pub point: Point,
}

/// Rows per statement: seven values each, well below what either database takes.
const ROWS_PER_STATEMENT: usize = 4_000;
/// Conditions per statement: SQLite's expressions are at most 1,000 deep.
const CODES_PER_STATEMENT: usize = 400;

/// Where these codes are, as far as the tenant imported them.
pub async fn lookup_many(
    conn: &Conn,
    tenant: TenantId,
    codes: &[(CountryCode, PostalCode)],
) -> Result<Vec<ImportedCode>, StoreError> {
    let mut found = Vec::new();
    for chunk in codes.chunks(CODES_PER_STATEMENT) {
        let mut any = Condition::any();
        for country in countries(chunk) {
            let of_country = chunk.iter().filter(|(of, _)| *of == country).map(|(_, code)| code.as_str());
            let these = Condition::all().add(Column::Country.eq(country.as_str())).add(Column::Code.is_in(of_country));
            any = any.add(these);
        }
        let query = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).filter(any);
        for row in query.rows(conn).await? {
            found.push(domain(row)?);
        }
    }
    Ok(found)
}

/// How many codes a tenant imported.
pub async fn count(conn: &Conn, tenant: TenantId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::TenantId.eq(tenant.uuid())).count(conn).await?)
}

/// New codes; those that are known already get their new places.
pub async fn insert(conn: &Conn, tenant: TenantId, codes: &[ImportedCode]) -> Result<(), StoreError> {
    for chunk in codes.chunks(ROWS_PER_STATEMENT) {
        let rows = chunk.iter().map(|code| -> ActiveModel { row(tenant, code).into_active_model() });
        let newest = OnConflict::columns([Column::TenantId, Column::Country, Column::Code])
            .update_columns([Column::Place, Column::Region, Column::Lat, Column::Lon])
            .to_owned();
        Entity::insert_many(rows).on_conflict(newest).exec_without_returning(conn).await?;
    }
    Ok(())
}

fn countries(codes: &[(CountryCode, PostalCode)]) -> Vec<CountryCode> {
    let mut countries: Vec<CountryCode> = codes.iter().map(|(country, _)| *country).collect();
    countries.sort_unstable();
    countries.dedup();
    countries
}

fn domain(row: Model) -> Result<ImportedCode, StoreError> {
    let corrupt = |error| StoreError::corrupt("postal_codes.code", error);
    let country = CountryCode::parse(&row.country).map_err(corrupt)?;
    Ok(ImportedCode {
        country,
        code: PostalCode::parse(country, &row.code).map_err(corrupt)?,
        place: row.place,
        region: row.region,
        point: point("postal_codes.lat", Some(row.lat), Some(row.lon))?
            .ok_or_else(|| StoreError::corrupt("postal_codes.lat", "missing"))?,
    })
}

fn row(tenant: TenantId, code: &ImportedCode) -> Model {
    Model {
        tenant_id: tenant.uuid(),
        country: code.country.to_string(),
        code: code.code.to_string(),
        place: code.place.clone(),
        region: code.region.clone(),
        lat: code.point.lat(),
        lon: code.point.lon(),
    }
}
