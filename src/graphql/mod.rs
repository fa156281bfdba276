//! WHAT IS ASKED: the GraphQL schema and what protects it; thin.
//!
//! Nothing here decides or saves: a resolver reads ids, makes one call, wraps the answer. Conventions:
//!
//! - Types are newtypes over `domain` values (`pub struct User(pub domain::user::User)`) with an `#[Object]`; nothing is derived on an
//!   entity. Every type, field and argument is described. `Lead` and `Dealer` hold a summary, and all of it where more is [`asked`].
//! - A query by id answers null for a malformed id, another tenant's and one out of the actor's reach alike ([`ids::parse_or_null`]).
//! - Lists are connections made by [`connection::connect`] from a store's page; `first` or `last` is required.
//! - Child objects go through [`loaders::Loaders`], made for this request: `ctx.loaders()?.load(UserKey(id))`.
//! - A mutation takes one `input` with an optional `idempotencyKey`, makes a [`mutation::OwnedCall`], calls one action, and answers a
//!   payload with the object and `userErrors` ([`payload::split`]).
//! - A subscription says what interests it and how an id is read ([`told::Told`]); the rest is [`told::follow`].

pub mod asked;
pub mod connection;
pub mod decisions;
pub mod guard;
pub mod ids;
pub mod imports;
pub mod interfaces;
pub mod jobs;
pub mod leads;
pub mod lists;
pub mod loaders;
pub mod mutation;
pub mod network;
pub mod node;
pub mod operations;
pub mod payload;
pub mod schema;
pub mod session;
pub mod told;
pub mod wanted;

pub use schema::{BatonSchema, build, sdl};
pub use session::{Ctx, Session};
