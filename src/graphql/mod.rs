//! WHAT IS ASKED: the GraphQL schema and what protects it; thin.
//!
//! Nothing here decides or saves: a resolver reads ids, makes one call, wraps the answer.

pub mod guard;
