//! Checking expressions and definitions against a tenant's words, for saving them and for an editor's help. Writes nothing.

use crate::actions::network::Definitions;
use crate::actions::{ActionError, Context, Permission, permit};
use crate::domain::Actor;
use crate::domain::id::TenantId;
use crate::domain::interface::{CandidateKind, Definition};
use crate::routing::{DefinitionProblem, check_definition};
use crate::rules::{self, Catalog, Checked, Diagnostic, Expect};
use crate::store::tenants::VersionHold;
use crate::store::{Conn, StoreError, tenants};

/// The names that the tenant's expressions may use.
pub async fn catalog(conn: &Conn, tenant: TenantId) -> Result<Catalog, StoreError> {
    Ok(Definitions::load(conn, tenant).await?.catalog())
}

/// The same, and until the transaction ends nobody takes one of the names away.
pub(in crate::actions) async fn held_catalog(conn: &Conn, tenant: TenantId) -> Result<Catalog, StoreError> {
    tenants::network_version(conn, tenant, VersionHold::Shared).await?;
    catalog(conn, tenant).await
}

/// The tenant's names, for an editor.
pub async fn read_catalog(cx: &Context, actor: &Actor) -> Result<Catalog, ActionError> {
    permit(actor, Permission::ReadConfiguration)?;
    Ok(catalog(cx.store.reader(), actor.tenant).await?)
}

/// What is wrong with an expression, or its checked form.
pub async fn check_expression(
    cx: &Context,
    actor: &Actor,
    text: &str,
    (context, expect): (rules::Context, Expect),
) -> Result<Result<Checked, Vec<Diagnostic>>, ActionError> {
    let catalog = read_catalog(cx, actor).await?;
    Ok(rules::check(text, &catalog, context, expect))
}

/// Everything that is wrong with a definition, with the place of each problem in its text.
pub async fn diagnose(
    cx: &Context,
    actor: &Actor,
    kind: CandidateKind,
    definition: &Definition,
) -> Result<Vec<DefinitionProblem>, ActionError> {
    let catalog = read_catalog(cx, actor).await?;
    Ok(check_definition(&catalog, kind, definition).err().unwrap_or_default())
}

/// Refuses a definition that does not check; paths begin with `definition`.
pub(super) fn refuse_unsound(
    catalog: &Catalog,
    kind: CandidateKind,
    definition: &Definition,
) -> Result<(), ActionError> {
    let refusal = |problems: Vec<DefinitionProblem>| {
        ActionError::Refused(problems.into_iter().map(|problem| problem.invalid.under("definition")).collect())
    };
    check_definition(catalog, kind, definition).map(drop).map_err(refusal)
}
