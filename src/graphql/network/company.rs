//! Companies that leads may be assigned to: as somebody may see them, and changing them.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use super::loaders::CompanyKey;
use super::payload::CompanyPayload;
use crate::actions::network::{Target, companies as company_actions};
use crate::actions::{ActionError, Sight};
use crate::domain::company as domain;
use crate::domain::id::CompanyId;
use crate::domain::input::CompanyInput;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::ids;
use crate::graphql::leads::SortDirection;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::split;
use crate::graphql::session::Ctx;
use crate::store::{Page, StoreError, companies};

/// A company that leads may be assigned to.
#[derive(Clone)]
pub struct Company(pub domain::Company);

/// A company outside the network that leads may be assigned to, such as a law firm or a marketing agency. A partner's credential that is
/// limited to a company sees the leads that are assigned to it, in whatever capacity, with their customers' data.
#[Object]
impl Company {
    /// `com_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether leads may be assigned to it. The credentials of one that is not active see nothing.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// Raised by every change; give it as `expectedVersion` so that nobody's change is overwritten.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at.datetime()
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at.datetime()
    }
}

/// Queries about companies.
#[derive(Default)]
pub struct CompanyQuery;

/// Queries about companies.
#[Object]
impl CompanyQuery {
    /// One company; null when it does not exist or unless you are staff.
    async fn company(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`com_…`")] id: ID,
    ) -> async_graphql::Result<Option<Company>> {
        let Some(id) = ids::parse_or_null(&id) else { return Ok(None) };
        find_company(ctx, id).await
    }

    /// The companies that leads may be assigned to, by name; none unless you are staff.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, which rows and in which order")]
    async fn companies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those that leads may be assigned to now.", default = false)] active_only: bool,
        #[graphql(desc = "Which way, by name.", default_with = "SortDirection::Asc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<Company>> {
        let session = ctx.session()?;
        let list = format!("companies {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, which) = (session.reader(), (session.scope.tenant, active_only));
        if Sight::of(&session.actor) != Sight::Staff {
            let nothing = Page { rows: Vec::new(), has_previous: false, has_next: false };
            return connect(ctx, &list, nothing, Company, |_| async { Ok::<_, StoreError>(0) }).await;
        }
        let found = companies::list(reader, which, direction.into(), &page).await?;
        connect(ctx, &list, found, Company, |up_to| companies::count(reader, which, up_to)).await
    }
}

/// The company with this id, if the caller is staff.
pub async fn find_company(ctx: &Context<'_>, id: CompanyId) -> async_graphql::Result<Option<Company>> {
    if Sight::of(&ctx.session()?.actor) != Sight::Staff {
        return Ok(None);
    }
    Ok(ctx.loaders()?.load(CompanyKey(id)).await?.map(Company))
}

/// A new company.
#[derive(InputObject)]
pub struct CreateCompanyInput {
    /// Unique in the tenant, at most 100 characters.
    name: String,
    /// Whether leads may be assigned to it.
    #[graphql(default = true)]
    active: bool,
    /// The same key with the same input makes one company.
    idempotency_key: Option<String>,
}

/// What to change of a company. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateCompanyInput {
    /// `com_…`
    company_id: ID,
    /// Unique in the tenant, at most 100 characters.
    name: Option<String>,
    /// Whether leads may be assigned to it. One that is not active keeps what is assigned to it, and its credentials see nothing.
    active: Option<bool>,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input changes once.
    idempotency_key: Option<String>,
}

/// Changes of companies.
#[derive(Default)]
pub struct CompanyMutation;

/// Changes of companies.
#[Object]
impl CompanyMutation {
    /// Adds a company that leads may be assigned to. Needs the role admin.
    async fn create_company(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The company.")] input: CreateCompanyInput,
    ) -> async_graphql::Result<CompanyPayload> {
        let call = OwnedCall::read(ctx, "createCompany")?;
        let given = CompanyInput { name: Some(input.name), active: Some(input.active) };
        company(ctx, company_actions::create_company(&ctx.session()?.actions, call.call(), &given).await).await
    }

    /// Changes or deactivates a company. Needs the role admin.
    async fn update_company(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which company, and what changes.")] input: UpdateCompanyInput,
    ) -> async_graphql::Result<CompanyPayload> {
        let call = OwnedCall::read(ctx, "updateCompany")?;
        let given = CompanyInput { name: input.name, active: input.active };
        let done = match ids::parse("companyId", &input.company_id) {
            Ok(id) => {
                let target = Target { id, expected_version: input.expected_version.map(i64::from) };
                company_actions::update_company(&ctx.session()?.actions, call.call(), target, &given).await
            }
            Err(problem) => Err(problem.into()),
        };
        company(ctx, done).await
    }
}

async fn company(ctx: &Context<'_>, done: Result<CompanyId, ActionError>) -> async_graphql::Result<CompanyPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(CompanyPayload { company: None, user_errors }) };
    let session = ctx.session()?;
    let found = companies::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(CompanyPayload { company: found.map(Company), user_errors })
}
