//! Changing interfaces: one mutation per intent.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::definition::{CandidateKind, InterfaceDefinitionInput};
use super::expression::{ExpressionDiagnostic, diagnose};
use super::interface::ReassignmentInterface;
use crate::actions::ActionError;
use crate::actions::interfaces::{self as actions, InterfaceChange, NewInterface};
use crate::actions::network::Target;
use crate::domain::Invalid;
use crate::domain::id::InterfaceId;
use crate::domain::interface::{CandidateKind as Kind, Definition};
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::Ctx;
use crate::store::interfaces;

/// A new interface.
#[derive(InputObject)]
pub struct CreateReassignmentInterfaceInput {
    /// Unique in the tenant; at most 100 characters.
    name: String,
    /// What it is for.
    #[graphql(default)]
    description: String,
    /// What it ranks. Fixed once saved.
    #[graphql(default_with = "CandidateKind::Dealer")]
    candidate_kind: CandidateKind,
    /// Its first draft.
    definition: InterfaceDefinitionInput,
    /// The same key with the same input makes one interface.
    idempotency_key: Option<String>,
}

/// What to change of an interface. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateReassignmentInterfaceInput {
    /// `ifc_…`
    interface_id: ID,
    /// Unique in the tenant; at most 100 characters.
    name: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// The whole draft from now on; jobs run what is published until it is published, too.
    definition: Option<InterfaceDefinitionInput>,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input changes once.
    idempotency_key: Option<String>,
}

/// A draft to publish.
#[derive(InputObject)]
pub struct PublishReassignmentInterfaceInput {
    /// `ifc_…`
    interface_id: ID,
    /// What changed, for whoever reads the versions later.
    note: Option<String>,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input publishes once.
    idempotency_key: Option<String>,
}

/// An old version to take up again.
#[derive(InputObject)]
pub struct RestoreInterfaceVersionInput {
    /// `ifc_…`
    interface_id: ID,
    /// The version's number.
    number: i32,
    /// The version of the interface that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// An interface to act on.
#[derive(InputObject)]
pub struct ReassignmentInterfaceInput {
    /// `ifc_…`
    interface_id: ID,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// An interface that was made or changed, or what stands in the way.
#[derive(SimpleObject)]
pub struct ReassignmentInterfacePayload {
    /// The interface as it is now; null when nothing was done.
    reassignment_interface: Option<ReassignmentInterface>,
    /// What is wrong within the expressions, with places, for an editor; each stands among the user errors, too.
    diagnostics: Vec<ExpressionDiagnostic>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// An interface that was removed, or what stands in the way.
#[derive(SimpleObject)]
pub struct RemoveReassignmentInterfacePayload {
    /// The id of what is gone; null when nothing was done.
    removed_id: Option<ID>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of interfaces.
#[derive(Default)]
pub struct InterfaceMutation;

/// Changes of interfaces.
#[Object]
impl InterfaceMutation {
    /// Makes an interface with a draft; publish it before jobs use it. Needs the role admin.
    async fn create_reassignment_interface(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The interface.")] input: CreateReassignmentInterfaceInput,
    ) -> async_graphql::Result<ReassignmentInterfacePayload> {
        let call = OwnedCall::read(ctx, "createReassignmentInterface")?;
        let CreateReassignmentInterfaceInput { name, description, candidate_kind, definition, .. } = input;
        let candidate_kind = candidate_kind.into();
        let definition = match definition.read() {
            Ok(definition) => definition,
            Err(problem) => return payload(ctx, Err(problem.into()), None).await,
        };
        let new = NewInterface { name, description, candidate_kind, definition };
        let done = actions::create_interface(&ctx.session()?.actions, call.call(), &new).await;
        payload(ctx, done, Some((candidate_kind, &new.definition))).await
    }

    /// Changes an interface's name, description or draft. Needs the role admin.
    async fn update_reassignment_interface(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which interface, and what changes.")] input: UpdateReassignmentInterfaceInput,
    ) -> async_graphql::Result<ReassignmentInterfacePayload> {
        let call = OwnedCall::read(ctx, "updateReassignmentInterface")?;
        let definition = match input.definition.map(InterfaceDefinitionInput::read).transpose() {
            Ok(definition) => definition,
            Err(problem) => return payload(ctx, Err(problem.into()), None).await,
        };
        let target = match target(&input.interface_id, input.expected_version) {
            Ok(target) => target,
            Err(problem) => return payload(ctx, Err(problem.into()), None).await,
        };
        let change = InterfaceChange { name: input.name, description: input.description, definition };
        let session = ctx.session()?;
        let done = actions::update_interface(&session.actions, call.call(), target, &change).await;
        let kind = match (&done, &change.definition) {
            (Err(ActionError::Refused(_)), Some(_)) => {
                let found = interfaces::lookup(session.reader(), session.scope.tenant, target.id).await?;
                found.map(|interface| interface.candidate_kind)
            }
            _ => None,
        };
        payload(ctx, done, kind.zip(change.definition.as_ref())).await
    }

    /// Publishes the draft as the next version; jobs run it from now on. Needs the role admin.
    async fn publish_reassignment_interface(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft.")] input: PublishReassignmentInterfaceInput,
    ) -> async_graphql::Result<ReassignmentInterfacePayload> {
        let call = OwnedCall::read(ctx, "publishReassignmentInterface")?;
        let done = match target(&input.interface_id, input.expected_version) {
            Ok(target) => {
                let note = input.note.as_deref();
                actions::publish_interface(&ctx.session()?.actions, call.call(), target, note).await
            }
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done, None).await
    }

    /// Makes an old version the draft. Needs the role admin.
    async fn restore_interface_version(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which version.")] input: RestoreInterfaceVersionInput,
    ) -> async_graphql::Result<ReassignmentInterfacePayload> {
        let call = OwnedCall::read(ctx, "restoreInterfaceVersion")?;
        let done = match target(&input.interface_id, input.expected_version) {
            Ok(target) => {
                let number = i64::from(input.number);
                actions::restore_version(&ctx.session()?.actions, call.call(), target, number).await
            }
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done, None).await
    }

    /// Throws the draft away: what is published stays. Needs the role admin.
    async fn discard_interface_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft.")] input: ReassignmentInterfaceInput,
    ) -> async_graphql::Result<ReassignmentInterfacePayload> {
        let call = OwnedCall::read(ctx, "discardInterfaceDraft")?;
        let done = match target(&input.interface_id, input.expected_version) {
            Ok(target) => actions::discard_draft(&ctx.session()?.actions, call.call(), target).await,
            Err(problem) => Err(problem.into()),
        };
        payload(ctx, done, None).await
    }

    /// Removes an interface that no job uses and no decision was made from. Needs the role admin.
    async fn remove_reassignment_interface(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which interface.")] input: ReassignmentInterfaceInput,
    ) -> async_graphql::Result<RemoveReassignmentInterfacePayload> {
        let call = OwnedCall::read(ctx, "removeReassignmentInterface")?;
        let done = match target(&input.interface_id, input.expected_version) {
            Ok(target) => actions::remove_interface(&ctx.session()?.actions, call.call(), target).await,
            Err(problem) => Err(problem.into()),
        };
        let (removed, user_errors) = split(done)?;
        Ok(RemoveReassignmentInterfacePayload { removed_id: removed.map(Into::into), user_errors })
    }
}

fn target(id: &ID, expected_version: Option<i32>) -> Result<Target<InterfaceId>, Invalid> {
    Ok(Target { id: ids::parse("interfaceId", id)?, expected_version: expected_version.map(i64::from) })
}

/// `given` is the definition that the caller wanted to save, to say where in its texts the problems are.
async fn payload(
    ctx: &Context<'_>,
    done: Result<InterfaceId, ActionError>,
    given: Option<(Kind, &Definition)>,
) -> async_graphql::Result<ReassignmentInterfacePayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else {
        let diagnostics = match given {
            Some((kind, definition)) => diagnose(ctx, kind, definition).await?,
            None => Vec::new(),
        };
        return Ok(ReassignmentInterfacePayload { reassignment_interface: None, diagnostics, user_errors });
    };
    let session = ctx.session()?;
    let found = interfaces::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    let reassignment_interface = found.map(ReassignmentInterface);
    Ok(ReassignmentInterfacePayload { reassignment_interface, diagnostics: Vec::new(), user_errors })
}
