//! What people see who open a link from a mail, and the demo's mailbox: each page is a struct that renders itself.
//!
//! A page decides nothing and reads nothing: it shows what its fields hold. The pages for before an acknowledgement have no
//! field that could hold a customer's contact data (ACK-1). They need no script, load nothing, and print well.
//!
//! Forms post to these paths below the link itself (`/l/<token>`):
//!
//! ```text
//! acknowledge            nothing else
//! accept                 nothing else
//! reject                 reason (a code), text
//! won                    text
//! lost                   reason (a code), text
//! ```

mod contact;
mod layout;
mod mailbox;
mod notice;
mod offer;
mod status;

#[cfg(test)]
mod samples;

pub use contact::{CustomerContact, Phone};
pub use layout::{HEADERS, MAIL_POLICY, STYLE, content_security_policy};
pub use mailbox::{MailPage, MailboxPage};
pub use notice::{
    AlreadyMailedPage, DeletedPage, DonePage, ExpiredPage, FaultPage, FreshLinkPage, NotFoundPage, Reported,
};
pub use offer::{AcknowledgedPage, Choice, OfferPage, Standing};
pub use status::{StatusPage, StatusState};
