//! Notes on leads, and adding one.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::lead::Lead;
use super::mutation::load;
use crate::actions::operations::is_shown;
use crate::actions::{Permission, notes as actions, permit};
use crate::domain::note as domain;
use crate::domain::note::{NoteDraft, PLAIN_KIND};
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::operations::{Operation, OperationKey};
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;
use crate::store::notes;

/// A note on a lead.
#[derive(Clone)]
pub struct LeadNote(pub domain::Note);

/// A note on a copy; seen by whoever sees the copy. It is never changed, and stays with its copy when that is handed on.
#[Object]
impl LeadNote {
    /// `note_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The copy.
    async fn lead(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Lead>> {
        Lead::load(ctx, self.0.lead).await
    }

    /// As the tenant calls it: `CALL`, `VISIT`, `NOTE`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// What it says; null to auditors, because it may name a customer.
    fn text(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(ctx.session()?.scope.personal_data.then_some(self.0.text.as_str()))
    }

    /// Who wrote it.
    async fn author(&self) -> &str {
        &self.0.author
    }

    /// The operation that wrote it, and whose undo takes it away; null for somebody's own, and for an operation that you do not see.
    async fn operation(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Operation>> {
        let Some(id) = self.0.operation else { return Ok(None) };
        let actor = &ctx.session()?.actor;
        if permit(actor, Permission::ReadConfiguration).is_err() {
            return Ok(None);
        }
        let found = ctx.loaders()?.load(OperationKey(id)).await?;
        Ok(found.filter(|operation| is_shown(actor, operation)).map(Operation))
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at.datetime()
    }
}

/// A note on a lead.
#[derive(InputObject)]
pub struct LeadNoteInput {
    /// As the tenant calls it: `CALL`, `VISIT`; at most 60 characters.
    #[graphql(default_with = "plain()")]
    kind: String,
    /// What it says; at most 5,000 characters.
    text: String,
}

impl LeadNoteInput {
    /// As it is checked.
    pub fn read(self) -> NoteDraft {
        NoteDraft { kind: self.kind, text: self.text }
    }
}

fn plain() -> String {
    PLAIN_KIND.to_owned()
}

/// A note to add.
#[derive(InputObject)]
pub struct AddLeadNoteInput {
    /// `lead_…`
    lead_id: ID,
    /// As the tenant calls it: `CALL`, `VISIT`; at most 60 characters.
    #[graphql(default_with = "plain()")]
    kind: String,
    /// What it says; at most 5,000 characters.
    text: String,
    /// The same key with the same input adds one note.
    idempotency_key: Option<String>,
}

/// A note that was added, or what stands in the way.
#[derive(SimpleObject)]
pub struct AddLeadNotePayload {
    /// The lead as it is now; null when nothing was done.
    lead: Option<Lead>,
    /// The note; null when nothing was done.
    note: Option<LeadNote>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of notes.
#[derive(Default)]
pub struct NoteMutation;

/// Changes of notes.
#[Object]
impl NoteMutation {
    /// Adds a note to a lead within your reach. That is a change of the lead: its version is raised.
    async fn add_lead_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lead, and what to write.")] input: AddLeadNoteInput,
    ) -> async_graphql::Result<AddLeadNotePayload> {
        let call = OwnedCall::read(ctx, "addLeadNote")?;
        let session = ctx.session()?;
        let draft = NoteDraft { kind: input.kind, text: input.text };
        let done = match ids::parse("leadId", &input.lead_id) {
            Ok(lead) => actions::add_note(&session.actions, call.call(), lead, &draft).await,
            Err(problem) => Err(problem.into()),
        };
        let (added, user_errors) = split(done)?;
        let Some(added) = added else { return Ok(AddLeadNotePayload { lead: None, note: None, user_errors }) };
        let note = notes::lookup(session.actions.store.writer(), session.scope.tenant, added.note).await?;
        Ok(AddLeadNotePayload { lead: load(ctx, &[added.lead]).await?.pop(), note: note.map(LeadNote), user_errors })
    }
}
