//! WHO GETS IT: a network's candidates for a lead, filtered, ranked, explained, and chosen from.
//!
//! [`Network`] is a tenant's snapshot, [`Plan`] an interface compiled against it; [`Plan::rank`] answers for one lead, [`choose`]
//! picks by the job's algorithm, [`Plan::share_out`] and [`even_split`] share a whole set out. Pure: the same input gives the same answer, with
//! its reasons. Nothing here reads a clock, a database or the network.

pub mod answer;
pub mod backtest;
pub mod balance;
pub mod choose;
pub mod condition;
pub mod definition;
pub mod difference;
pub mod loads;
pub mod lottery;
pub mod network;
pub mod plain;
pub mod plan;
pub mod ranking;
pub mod rotation;
pub mod search;
pub mod share_out;
pub mod spread;
pub mod subject;

mod alike;
mod because;
mod column;
mod fill;
#[cfg(test)]
mod generated;
mod kernel;
mod order;
mod record;
mod row;
#[cfg(test)]
mod sample;
mod shortcut;
mod shortlist;
#[cfg(test)]
mod tests;

pub use answer::{Explanation, LeftOut, LevelExplanation, Sorted};
pub use backtest::Compared;
pub use balance::{Balanced, Edge, balance};
pub use choose::{Choice, History, Nobody, Settings, choose};
pub use condition::holds;
pub use definition::{CheckedDefinition, DefinitionProblem, check_definition, context_of, in_expression};
pub use difference::{Change, Difference, LevelDifference, TermDifference, difference};
pub use loads::{Load, Loads};
pub use lottery::lottery;
pub use network::{Network, NetworkParts, Pool};
pub use plan::Plan;
pub use ranking::{Problem, Ranked, Ranking};
pub use record::{Own, Record};
pub use rotation::Ledger;
pub use search::Question;
pub use shortlist::Shortlist;
pub use spread::even_split;
pub use subject::Subject;
