//! A session: who asks, what they may see, and what answering needs. Made for each request.

use std::sync::Arc;

use async_graphql::{Context, Data, ErrorExtensions};

use super::connection::CursorKey;
use super::guard::ErrorCode;
use super::loaders::Loaders;
use crate::actions::{self, Permission, permit};
use crate::domain::actor::Actor;
use crate::live::Hub;
use crate::store::{Conn, Scope};

/// Who asks, and what answering needs.
#[derive(Clone)]
pub struct Session {
    /// Who asks.
    pub actor: Actor,
    /// What they may see.
    pub scope: Scope,
    /// What actions need.
    pub actions: Arc<actions::Context>,
    /// By which cursors are sealed.
    pub cursors: CursorKey,
    /// Tells of changes.
    pub live: Arc<Hub>,
}

impl Session {
    /// A session of `actor`, as request data with its loaders.
    pub fn data(actor: Actor, actions: Arc<actions::Context>, cursors: CursorKey, live: Arc<Hub>) -> Data {
        let scope = Scope::of(&actor);
        let mut data = Data::default();
        data.insert(Loaders::new(actions.store.clone(), scope.clone()));
        data.insert(Self { actor, scope, actions, cursors, live });
        data
    }

    /// For reads.
    pub fn reader(&self) -> &Conn {
        self.actions.store.reader()
    }
}

/// A top-level error unless the actor's role carries the permission: for lists that some roles have no part of.
pub fn permitted(ctx: &Context<'_>, permission: Permission) -> async_graphql::Result<()> {
    permit(&ctx.session()?.actor, permission).map_err(|refusal| forbidden(refusal.to_string()))
}

/// An error for what the caller's role may not ask.
pub fn forbidden(message: String) -> async_graphql::Error {
    let error = async_graphql::Error::new(message);
    error.extend_with(|_, extensions| extensions.set("code", ErrorCode::Forbidden.as_str()))
}

/// Shortcuts into a request's context.
pub trait Ctx {
    /// Who asks.
    fn session(&self) -> async_graphql::Result<&Session>;
    /// The request's loaders.
    fn loaders(&self) -> async_graphql::Result<&Loaders>;
}

impl Ctx for Context<'_> {
    fn session(&self) -> async_graphql::Result<&Session> {
        self.data()
    }

    fn loaders(&self) -> async_graphql::Result<&Loaders> {
        self.data()
    }
}
