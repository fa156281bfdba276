//! How leads are sorted: by what, and which way.

use serde::{Deserialize, Serialize};

/// Which way a list goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Order {
    /// Smallest first.
    Asc,
    /// Greatest first.
    Desc,
}

/// What leads are sorted by; equal ones by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LeadSort {
    /// When the customer's request came in.
    ReceivedAt,
    /// When the copy last changed.
    UpdatedAt,
}
