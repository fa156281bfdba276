//! WHAT IS TOLD AT ONCE: who wants to know of which changes, and what is new for them.
//!
//! The tables are the truth and everything here is a look at them. A tenant that somebody follows has a tail: the end of its timeline
//! and of its background work, read whenever a change is announced ([`crate::store::Change`]) and once in a while without. What a look
//! finds goes to the feeds as ids; whoever reads a feed reads the objects anew, as far as they may see them at that moment. So a notice
//! that is lost costs time and nothing else, and a tenant that nobody follows costs nothing.
//!
//! ```text
//! commit here ─┐
//! NOTIFY ──────┼─▶ look: what stands in the tables and was not seen yet? ─▶ feeds (ids, each once) ─▶ read anew ─▶ sent
//! poll ────────┘
//! ```

mod feed;
mod hub;
mod run;
mod tail;

pub use feed::{Behind, Feed, Interest};
pub use hub::Hub;
