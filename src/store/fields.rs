//! Definitions of custom fields.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{from_json, insert_all, json_of, name_of, named, time, update_where};
use super::placed::Rows;
use super::rows::custom_field::{Column, Entity, Model};
use crate::domain::Timestamp;
use crate::domain::custom_field::CustomField;
use crate::domain::field::{FieldDefinition, FieldDraft, Subject};
use crate::domain::id::{CustomFieldId, TenantId};

/// By id.
pub async fn lookup(conn: &Conn, tenant: TenantId, id: CustomFieldId) -> Result<Option<CustomField>, StoreError> {
    Entity::find_by_id((tenant.uuid(), id.uuid())).row(conn).await?.map(domain).transpose()
}

/// All of a tenant, by subject and key: an installation has few hundred at most.
pub async fn list_all(conn: &Conn, tenant: TenantId) -> Result<Vec<CustomField>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .order_by_asc(Column::Subject)
        .order_by_asc(Column::Key);
    query.rows(conn).await?.into_iter().map(domain).collect()
}

/// All of one subject, archived ones included, by key.
pub async fn list_by_subject(
    conn: &Conn,
    tenant: TenantId,
    subject: Subject,
) -> Result<Vec<FieldDefinition>, StoreError> {
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::Subject.eq(name_of(&subject)))
        .order_by_asc(Column::Key);
    query.rows(conn).await?.into_iter().map(|row| domain(row).map(|field| field.definition)).collect()
}

/// A new definition.
pub async fn insert(conn: &Conn, field: &CustomField) -> Result<(), StoreError> {
    insert_all(conn, vec![row(field)?]).await
}

/// Writes a changed definition, whose `version` is still the one that was read, and raises the version.
pub async fn update(conn: &Conn, field: &CustomField) -> Result<(), StoreError> {
    let mut changed = row(field)?;
    changed.version += 1;
    let unchanged = Condition::all()
        .add(Column::TenantId.eq(field.tenant.uuid()))
        .add(Column::Id.eq(field.id.uuid()))
        .add(Column::Version.eq(field.version));
    update_where(conn, changed, unchanged).await
}

fn domain(row: Model) -> Result<CustomField, StoreError> {
    let draft = FieldDraft {
        subject: named("custom_fields.subject", row.subject)?,
        key: row.key,
        label: row.label,
        field_type: named("custom_fields.field_type", row.field_type)?,
        required: row.required,
        choices: from_json("custom_fields.choices", row.choices)?,
        archived: row.archived_at.is_some(),
    };
    let corrupt = |problems: Vec<crate::domain::Invalid>| {
        let sentences: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
        StoreError::corrupt("custom_fields.key", sentences.join("; "))
    };
    Ok(CustomField {
        tenant: row.tenant_id.into(),
        id: row.id.into(),
        definition: FieldDefinition::new(draft).map_err(corrupt)?,
        archived_at: row.archived_at.map(time),
        version: row.version,
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    })
}

fn row(field: &CustomField) -> Result<Model, StoreError> {
    let definition = &field.definition;
    Ok(Model {
        tenant_id: field.tenant.uuid(),
        id: field.id.uuid(),
        subject: name_of(&definition.subject()),
        key: definition.key().to_owned(),
        label: definition.label().to_owned(),
        field_type: name_of(&definition.field_type()),
        required: definition.required(),
        choices: json_of("custom_fields.choices", &definition.choices())?,
        archived_at: field.archived_at.map(Timestamp::micros),
        version: field.version,
        created_at: field.created_at.micros(),
        updated_at: field.updated_at.micros(),
    })
}
