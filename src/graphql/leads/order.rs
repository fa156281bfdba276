//! The grid's order, as clients give it.

use async_graphql::{Enum, InputObject};

use crate::store::Order;
use crate::store::leads::LeadSort;

/// What a grid can be sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Default, Debug)]
#[graphql(remote = "crate::domain::sort::LeadSort")]
pub enum LeadSortField {
    /// When the customer's request came in.
    #[default]
    ReceivedAt,
    /// When the copy last changed.
    UpdatedAt,
}

/// Which way a list goes.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Default, Debug)]
#[graphql(remote = "crate::domain::sort::Order")]
pub enum SortDirection {
    /// Smallest, earliest or alphabetically first.
    Asc,
    /// Greatest, latest or alphabetically last.
    #[default]
    Desc,
}

/// How a grid is sorted; equal ones by id.
#[derive(InputObject, Default, Clone, Copy, Debug)]
pub struct LeadOrder {
    /// By what.
    #[graphql(default)]
    pub field: LeadSortField,
    /// Which way.
    #[graphql(default)]
    pub direction: SortDirection,
}

impl LeadOrder {
    /// As the store takes it.
    pub fn stored(self) -> (LeadSort, Order) {
        (self.field.into(), self.direction.into())
    }
}
