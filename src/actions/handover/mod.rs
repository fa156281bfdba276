//! The one engine by which leads are handed on: by jobs, by hand, at intake and after a rejection.
//!
//! ```text
//! hold the requests ─▶ read the copies ─▶ eligible? ─▶ Engine: candidates, choose ─▶ carry_out: copies, links, mails, events ─▶ Changes.write
//! ```
//!
//! Whatever starts a hand-over, it leaves a decision behind, and all of it becomes true in one transaction.

mod carry;
mod changes;
mod desk;
mod directory;
mod eligible;
mod engine;
mod ground;
mod inputs;
mod recheck;
mod turns;

pub use carry::{Move, carry_out, carry_to};
pub use changes::Changes;
pub use desk::{Announce, DIGEST_LEADS_MAX, Desk, Placement, Tell, about};
pub use directory::{Directory, Person, user_person};
pub use eligible::{Condition, Skip, Urgency, Verdict, deadlines, verdict};
pub use engine::{Decided, Engine, Firmness, Task, Way};
pub use ground::Published;
pub use inputs::{Seen, inputs};
