//! Checking expressions and definitions against a tenant's words, for saving them and for an editor's help. Writes nothing.

use crate::actions::network::Definitions;
use crate::actions::{ActionError, Context, Permission, permit};
use crate::domain::Actor;
use crate::domain::id::TenantId;
use crate::domain::interface::{CandidateKind, Definition};
use crate::routing::{DefinitionProblem, check_definition};
use crate::rules::Catalog;
use crate::store::tenants::VersionHold;
use crate::store::{Conn, StoreError, tenants};

/// The names that the tenant's expressions may use; until the transaction ends nobody takes one of them away.
pub(in crate::actions) async fn held_catalog(conn: &Conn, tenant: TenantId) -> Result<Catalog, StoreError> {
    tenants::network_version(conn, tenant, VersionHold::Shared).await?;
    Ok(Definitions::load(conn, tenant).await?.catalog())
}

/// Everything that is wrong with a definition, with the place of each problem in its text.
pub async fn diagnose(
    cx: &Context,
    actor: &Actor,
    kind: CandidateKind,
    definition: &Definition,
) -> Result<Vec<DefinitionProblem>, ActionError> {
    permit(actor, Permission::ReadConfiguration)?;
    let catalog = cx.catalogs.load(cx.store.reader(), actor.tenant).await?;
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
