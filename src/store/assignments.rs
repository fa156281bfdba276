//! Assignments of copies. INVARIANT: whoever writes holds the copies' requests, and raises the version of each copy that is written.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::conn::Conn;
use super::error::StoreError;
use super::map::{insert_all, name_of, named};
use super::placed::Rows;
use super::rows::lead_assignment::{Column, Entity, Model};
use crate::domain::assignment::Assignments;
use crate::domain::id::{LeadId, TenantId};
use crate::domain::lead::Lead;

/// Copies whose assignments are taken away by one statement.
const LEADS_MAX: usize = 1_000;

/// Those of these copies; a copy without any is left out.
pub async fn list_by_leads(
    conn: &Conn,
    tenant: TenantId,
    leads: &[LeadId],
) -> Result<HashMap<LeadId, Assignments>, StoreError> {
    if leads.is_empty() {
        return Ok(HashMap::new());
    }
    let query = Entity::find()
        .filter(Column::TenantId.eq(tenant.uuid()))
        .filter(Column::LeadId.is_in(leads.iter().map(|id| id.uuid())))
        .order_by_asc(Column::LeadId)
        .order_by_asc(Column::Kind)
        .order_by_asc(Column::Position);
    let mut found: HashMap<LeadId, Assignments> = HashMap::new();
    for row in query.rows(conn).await? {
        add(found.entry(row.lead_id.into()).or_default(), row)?;
    }
    Ok(found)
}

/// Gives copies these assignments instead of those that they have.
pub async fn replace(conn: &Conn, tenant: TenantId, assigned: &[(LeadId, Assignments)]) -> Result<(), StoreError> {
    for some in assigned.chunks(LEADS_MAX) {
        let query = Entity::delete_many()
            .filter(Column::TenantId.eq(tenant.uuid()))
            .filter(Column::LeadId.is_in(some.iter().map(|(lead, _)| lead.uuid())));
        query.exec(conn).await?;
    }
    insert_all(conn, assigned.iter().flat_map(|(lead, all)| rows(tenant, *lead, all)).collect()).await
}

/// Gives new copies the assignments of the copies that they were made of: one statement, however many they are.
pub async fn inherit(conn: &Conn, tenant: TenantId, copies: &[Lead]) -> Result<(), StoreError> {
    let pair = |copy: &Lead| {
        let (made, parent) = (copy.id.uuid().simple(), copy.parent?.uuid().simple());
        Some(format!(r#"{{"made":"{made}","parent":"{parent}"}}"#))
    };
    let pairs: Vec<String> = copies.iter().filter_map(pair).collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let given = if conn.is_postgres() {
        "json_to_recordset(cast($1 as text)::json) as r(made uuid, parent uuid)"
    } else {
        "(select unhex(value ->> 'made') as made, unhex(value ->> 'parent') as parent from json_each($1)) as r"
    };
    // A cross join, so that SQLite goes from the copies to their assignments and not the other way.
    let sql = format!(
        "insert into lead_assignments (tenant_id, lead_id, kind, position, name, user_id, company_id)
         select a.tenant_id, r.made, a.kind, a.position, a.name, a.user_id, a.company_id
         from {given} cross join lead_assignments a where a.tenant_id = $2 and a.lead_id = r.parent"
    );
    let pairs = format!("[{}]", pairs.join(","));
    conn.execute_sql(&sql, vec![pairs.into(), tenant.uuid().into()]).await.map(drop)
}

fn add(all: &mut Assignments, row: Model) -> Result<(), StoreError> {
    let broken = || StoreError::corrupt("lead_assignments.kind", "an assignment without what its kind needs");
    match (row.kind.as_str(), row.name, row.user_id, row.company_id) {
        ("USER", None, Some(user), None) => all.users.push(user.into()),
        ("ROLE", Some(role), Some(user), None) => drop(all.roles.insert(role, user.into())),
        ("COMPANY", Some(capacity), None, Some(company)) => {
            all.companies.insert(named("lead_assignments.name", capacity)?, company.into());
        }
        _ => return Err(broken()),
    }
    Ok(())
}

fn rows(tenant: TenantId, lead: LeadId, all: &Assignments) -> Vec<Model> {
    let blank = |kind: &str, position: i64| Model {
        tenant_id: tenant.uuid(),
        lead_id: lead.uuid(),
        kind: kind.to_owned(),
        position,
        name: None,
        user_id: None,
        company_id: None,
    };
    let users = (0..).zip(&all.users);
    let users = users.map(|(place, user)| Model { user_id: Some(user.uuid()), ..blank("USER", place) });
    let roles = (0..).zip(&all.roles).map(|(place, (role, user))| Model {
        name: Some(role.clone()),
        user_id: Some(user.uuid()),
        ..blank("ROLE", place)
    });
    let companies = (0..).zip(&all.companies).map(|(place, (capacity, company))| Model {
        name: Some(name_of(capacity)),
        company_id: Some(company.uuid()),
        ..blank("COMPANY", place)
    });
    users.chain(roles).chain(companies).collect()
}
