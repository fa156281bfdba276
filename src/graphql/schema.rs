//! The schema, put together from the rooms' queries and mutations, behind the guard.

use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};

use super::guard::{Guarded, Limits};
use super::imports::{ImportMutation, ImportQuery};
use super::interfaces::{
    BacktestMutation, BacktestQuery, BacktestSubscription, ExpressionQuery, InterfaceMutation, InterfaceQuery,
    PreviewQuery,
};
use super::jobs::{JobMutation, JobQuery, JobSubscription};
use super::leads::{
    AuditQuery, LeadMutation, LeadQuery, LeadSubscription, MessageMutation, MessageQuery, NoteMutation,
};
use super::lists::{ExportMutation, ListMutation, ListQuery};
use super::network::{
    CalendarMutation, CompanyMutation, CompanyQuery, DealerMutation, DefinitionMutation, NetworkQuery, StaffMutation,
};
use super::node::NodeQuery;
use super::operations::{OperationMutation, OperationQuery, OperationSubscription};

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    NodeQuery,
    LeadQuery,
    ListQuery,
    MessageQuery,
    AuditQuery,
    NetworkQuery,
    CompanyQuery,
    InterfaceQuery,
    PreviewQuery,
    BacktestQuery,
    ExpressionQuery,
    JobQuery,
    ImportQuery,
    OperationQuery,
);

/// Everything that can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    LeadMutation,
    NoteMutation,
    ListMutation,
    ExportMutation,
    MessageMutation,
    CalendarMutation,
    DealerMutation,
    StaffMutation,
    CompanyMutation,
    DefinitionMutation,
    InterfaceMutation,
    BacktestMutation,
    JobMutation,
    ImportMutation,
    OperationMutation,
);

/// Everything that is told while it happens, over a WebSocket at the address of the API by the protocol `graphql-transport-ws`: one field
/// per subscription, written without a fragment. What is sent is read at that moment, as far as you may see it then.
#[derive(MergedSubscription, Default)]
pub struct Subscription(LeadSubscription, JobSubscription, BacktestSubscription, OperationSubscription);

/// The schema with its guard.
pub type BatonSchema = Guarded<Schema<Query, Mutation, Subscription>>;

/// The schema behind `limits`.
pub fn build(limits: Limits) -> BatonSchema {
    Guarded::new(builder(), limits)
}

/// The schema in GraphQL's own language.
pub fn sdl() -> String {
    builder().finish().sdl()
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}
