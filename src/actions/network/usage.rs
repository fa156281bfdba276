//! Who relies on a definition: stored expressions that would no longer check if it were changed.
//!
//! Nothing is searched for by name. Every expression in use is checked against the definitions as they would be: whatever breaks, and
//! did not before, is a user.

use crate::domain::category::Category;
use crate::domain::field::FieldDefinition;
use crate::domain::id::TenantId;
use crate::domain::interface::{CandidateKind, Definition};
use crate::rules::catalog::CatalogParts;
use crate::rules::{Catalog, CategoryGroup, Context, Expect, check};
use crate::store::{Conn, StoreError, categories, fields, interfaces, jobs, lists};

/// What expressions of a tenant are checked against.
pub struct Definitions {
    /// Custom fields of every subject.
    pub fields: Vec<FieldDefinition>,
    /// Category groups of dealers.
    pub categories: Vec<Category>,
}

/// An expression in use.
pub(super) struct Stored {
    /// Whose it is, as people are told.
    pub(super) owner: String,
    pub(super) text: String,
    pub(super) context: Context,
    pub(super) expect: Expect,
}

impl Definitions {
    /// As they stand.
    pub async fn load(conn: &Conn, tenant: TenantId) -> Result<Self, StoreError> {
        let fields = fields::list_all(conn, tenant).await?.into_iter().map(|field| field.definition).collect();
        Ok(Self { fields, categories: categories::list_all(conn, tenant).await? })
    }

    /// The interfaces, jobs and lists that would break if the definitions became `after`, each once.
    pub(super) async fn users_lost(
        &self,
        conn: &Conn,
        tenant: TenantId,
        after: &Self,
    ) -> Result<Vec<String>, StoreError> {
        let (old, new) = (self.catalog(), after.catalog());
        let sound = |stored: &Stored, catalog| check(&stored.text, catalog, stored.context, stored.expect).is_ok();
        let stored = expressions_in_use(conn, tenant).await?;
        let broken = stored.into_iter().filter(|stored| sound(stored, &old) && !sound(stored, &new));
        let mut owners: Vec<String> = broken.map(|stored| stored.owner).collect();
        owners.dedup();
        Ok(owners)
    }

    /// The names that expressions may use.
    pub fn catalog(&self) -> Catalog {
        let group = |category: &Category| CategoryGroup {
            key: category.key.clone(),
            label: category.label.clone(),
            values: category.choices.clone(),
        };
        let categories: Vec<CategoryGroup> = self.categories.iter().map(group).collect();
        Catalog::new(CatalogParts { fields: &self.fields, categories: &categories })
    }
}

/// Drafts and published versions of interfaces, conditions of jobs, and filters of lists. Earlier versions are history: no job runs them.
pub(super) async fn expressions_in_use(conn: &Conn, tenant: TenantId) -> Result<Vec<Stored>, StoreError> {
    let all = interfaces::list_all(conn, tenant).await?;
    let ids: Vec<_> = all.iter().map(|interface| interface.id).collect();
    let versions = interfaces::list_versions(conn, tenant, &ids).await?;
    let mut stored = Vec::new();
    for interface in &all {
        let context = match interface.candidate_kind {
            CandidateKind::Dealer => Context::CandidateDealer,
            CandidateKind::User => Context::CandidateUser,
        };
        let owner = format!("interface `{}`", interface.name);
        let published = versions
            .iter()
            .filter(|version| version.interface == interface.id && Some(version.number) == interface.published_number);
        let definitions = interface.draft.iter().chain(published.map(|version| &version.definition));
        stored.extend(definitions.flat_map(|definition| expressions(definition, context, &owner)));
    }
    for job in jobs::list_all(conn, tenant).await?.into_iter().filter(|job| !job.condition.trim().is_empty()) {
        let owner = format!("job `{}`", job.name);
        stored.push(Stored { owner, text: job.condition, context: Context::LeadCondition, expect: Expect::Condition });
    }
    for (name, text) in lists::list_filters(conn, tenant).await? {
        let owner = format!("list `{name}`");
        stored.push(Stored { owner, text, context: Context::LeadCondition, expect: Expect::Condition });
    }
    Ok(stored)
}

fn expressions(definition: &Definition, context: Context, owner: &str) -> Vec<Stored> {
    let stored = |text: &String, expect| Stored { owner: owner.to_owned(), text: text.clone(), context, expect };
    let filter = Some(&definition.filter).filter(|filter| !filter.trim().is_empty());
    let filter = filter.map(|filter| stored(filter, Expect::Condition));
    filter.into_iter().chain(definition.sort.iter().map(|level| stored(&level.expression, Expect::SortKey))).collect()
}
