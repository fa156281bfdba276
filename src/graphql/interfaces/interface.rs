//! An interface and its versions.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::definition::{CandidateKind, InterfaceDefinition};
use super::difference::{InterfaceDifference, InterfaceStateInput};
use super::loaders::{InterfaceKey, JobsOfKey, VersionsKey};
use crate::domain;
use crate::graphql::connection::bad_input;
use crate::graphql::jobs::ReassignmentJob;
use crate::graphql::session::Ctx;
use crate::routing::difference;

/// A Reassignment Interface.
#[derive(Clone)]
pub struct ReassignmentInterface(pub domain::interface::Interface);

/// A Reassignment Interface: a stored, versioned query for candidates. Jobs run its published version; the draft is being worked on.
#[Object]
impl ReassignmentInterface {
    /// `ifc_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What it ranks.
    async fn candidate_kind(&self) -> CandidateKind {
        self.0.candidate_kind.into()
    }

    /// What is being worked on; null when nothing differs from what is published.
    async fn draft(&self) -> Option<InterfaceDefinition> {
        self.0.draft.clone().map(InterfaceDefinition)
    }

    /// The version that jobs run; null when nothing was published yet.
    async fn published(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<InterfaceVersion>> {
        let versions = ctx.loaders()?.load(VersionsKey(self.0.id)).await?.unwrap_or_default();
        let published = versions.into_iter().find(|version| Some(version.number) == self.0.published_number);
        Ok(published.map(InterfaceVersion))
    }

    /// All published versions, newest first.
    async fn versions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<InterfaceVersion>> {
        let versions = ctx.loaders()?.load(VersionsKey(self.0.id)).await?;
        Ok(versions.unwrap_or_default().into_iter().map(InterfaceVersion).collect())
    }

    /// What changed from one state to another, term by term: a term that moved or was written another way is no difference.
    async fn diff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The earlier state.")] from: InterfaceStateInput,
        #[graphql(desc = "The later state.")] to: InterfaceStateInput,
    ) -> async_graphql::Result<InterfaceDifference> {
        let session = ctx.session()?;
        let versions = ctx.loaders()?.load(VersionsKey(self.0.id)).await?.unwrap_or_default();
        let (from, to) = (self.state("from", &from, &versions)?, self.state("to", &to, &versions)?);
        let catalog = session.actions.catalogs.load(session.reader(), session.scope.tenant).await?;
        Ok(InterfaceDifference(difference(&catalog, self.0.candidate_kind, from, to)))
    }

    /// The jobs that use it, in the order in which they look at a lead.
    async fn jobs(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ReassignmentJob>> {
        let jobs = ctx.loaders()?.load(JobsOfKey(self.0.id)).await?;
        Ok(jobs.unwrap_or_default().into_iter().map(ReassignmentJob).collect())
    }

    /// Raised by every change; give it as `expectedVersion` so that nobody's change is overwritten.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at.datetime()
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at.datetime()
    }
}

impl ReassignmentInterface {
    fn state<'a>(
        &'a self,
        argument: &str,
        wanted: &InterfaceStateInput,
        versions: &'a [domain::interface::InterfaceVersion],
    ) -> async_graphql::Result<&'a domain::interface::Definition> {
        match wanted {
            InterfaceStateInput::Draft(true) => {
                let nothing = || bad_input(format!("`{argument}`: there is no draft, name a version by its `number`"));
                self.0.draft.as_ref().ok_or_else(nothing)
            }
            InterfaceStateInput::Draft(false) => {
                Err(bad_input(format!("`{argument}`: `draft` can only be true, give a `number` instead")))
            }
            InterfaceStateInput::Number(number) => {
                let found = versions.iter().find(|version| version.number == i64::from(*number));
                let nothing =
                    || bad_input(format!("`{argument}`: there is no version {number}, there are {}", versions.len()));
                found.map(|version| &version.definition).ok_or_else(nothing)
            }
        }
    }
}

/// One published version.
#[derive(Clone)]
pub struct InterfaceVersion(pub domain::interface::InterfaceVersion);

/// One numbered, immutable version of an interface.
#[Object]
impl InterfaceVersion {
    /// `ifv_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// From 1.
    async fn number(&self) -> i32 {
        i32::try_from(self.0.number).unwrap_or(i32::MAX)
    }

    /// Of which interface.
    async fn interface(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ReassignmentInterface>> {
        Ok(ctx.loaders()?.load(InterfaceKey(self.0.interface)).await?.map(ReassignmentInterface))
    }

    /// What it says.
    async fn definition(&self) -> InterfaceDefinition {
        InterfaceDefinition(self.0.definition.clone())
    }

    /// What changed, in the author's words.
    async fn note(&self) -> &str {
        &self.0.note
    }

    /// The author.
    async fn published_by(&self) -> &str {
        &self.0.published_by
    }

    /// When.
    async fn published_at(&self) -> DateTime<Utc> {
        self.0.published_at.datetime()
    }
}
