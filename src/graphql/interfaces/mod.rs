//! Reassignment Interfaces: what they say, what they would answer, and help for whoever writes them.
//!
//! Staff who read the configuration see all of it, everybody else nothing.

mod backtest;
mod backtest_mutation;
mod backtest_query;
mod backtest_subscription;
mod definition;
mod difference;
mod explanation;
mod expression;
mod interface;
mod loaders;
mod mutation;
mod preview;
mod query;

pub use backtest::Backtest;
pub use backtest_mutation::BacktestMutation;
pub use backtest_query::BacktestQuery;
pub use backtest_subscription::BacktestSubscription;
pub use definition::CandidateKind;
pub use expression::ExpressionQuery;
pub use interface::{InterfaceVersion, ReassignmentInterface};
pub use loaders::InterfaceKey;
pub use mutation::InterfaceMutation;
pub use preview::PreviewQuery;
pub use query::{InterfaceQuery, find_node};
