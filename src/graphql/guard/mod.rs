//! Checks a GraphQL document before anything of it is executed, whichever transport brought it.
//!
//! It knows no type of the schema, and must never let a document reach the parser, the validator or a resolver whose
//! work could grow beyond the [`Limits`]: a few kilobytes of nested lists or of fragments that spread each other
//! would otherwise stop the process.
//!
//! The order, each step cheap enough to be safe on the input that the step before let through:
//!
//! ```text
//! length → scan (nesting, tokens, directives) → parse → measure (fragments, depth, aliases, roots, cost) → validate
//! ```

mod error;
mod executor;
mod fault;
mod limits;
mod measure;
mod page;
mod parse;
mod request;
mod scan;

pub use error::{ErrorCode, Refusal};
pub use executor::Guarded;
pub use fault::fault;
pub use limits::{Limit, Limits};
pub use request::{IdempotencyKeyHeader, RequestId, Transport, Visibility};
