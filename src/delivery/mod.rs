//! WHAT GOES OUT: a delivery row's message becomes words, the words become a mail, the mail leaves; a lead becomes a document for a
//! dealer's CRM, which leaves by mail or HTTP.
//!
//! The only room that talks to the outside. It knows no database and decides nothing: it sends one thing once and says how
//! that went ([`Outcome`]); whoever asked writes that down and asks [`backoff`] when to try again.

mod adf;
mod backoff;
mod compose;
mod error;
mod event;
mod keys;
mod mailbox;
mod outcome;
mod parcel;
mod poster;
mod reach;
mod render;
mod smtp;
pub mod wording;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod smtp_server;

pub use adf::adf;
pub use backoff::{GIVE_UP_AFTER, Tried, next_attempt};
pub use compose::{Composed, MailTransport, Mailer, Outgoing, Sender};
pub use error::DeliveryError;
pub use event::event;
pub use keys::{KeysError, fetch_keys};
pub use mailbox::{Mailbox, MailboxMail};
pub use outcome::{Answer, Outcome};
pub use parcel::Parcel;
pub use poster::{ANSWER_BYTES_MAX, Poster};
pub use reach::Reach;
pub use render::{LINK_PATH, Links, Rendered, render};
pub use smtp::{Login, Smtp, SmtpSettings, TlsMode};
