//! A mailbox in memory in place of a mail server: for `demo`, where `/demo/mail` shows it, and for tests.
//!
//! It must never stand in production: it keeps links that acknowledge leads where whoever opens the page can read them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::compose::{Composed, MailTransport};
use super::outcome::Outcome;
use crate::domain::Timestamp;
use crate::domain::id::DeliveryId;

/// A demo that runs all day makes thousands; a person looks at the latest. About 3 MB in all.
const MAILS_MAX: usize = 200;

/// A mail that arrived.
#[derive(Clone)]
pub struct MailboxMail {
    /// The delivery it came from.
    pub delivery: DeliveryId,
    /// The address it was sent to.
    pub to: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// The subject.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Keeps the latest mails, newest first.
#[derive(Default)]
pub struct Mailbox(Mutex<VecDeque<MailboxMail>>);

impl Mailbox {
    /// An empty mailbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// What arrived, newest first. A delivery that was sent twice stands here twice, as it would with a real receiver.
    pub fn list(&self) -> Vec<MailboxMail> {
        self.mails().iter().cloned().collect()
    }

    /// The latest mail of a delivery.
    pub fn lookup(&self, delivery: DeliveryId) -> Option<MailboxMail> {
        self.mails().iter().find(|mail| mail.delivery == delivery).cloned()
    }

    /// How many are kept.
    pub fn count(&self) -> usize {
        self.mails().len()
    }

    fn mails(&self) -> MutexGuard<'_, VecDeque<MailboxMail>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MailTransport for Mailbox {
    async fn send(&self, mail: &Composed) -> Outcome {
        let outgoing = &mail.outgoing;
        let mut mails = self.mails();
        mails.truncate(MAILS_MAX - 1);
        mails.push_front(MailboxMail {
            delivery: outgoing.delivery,
            to: outgoing.to.clone(),
            written_at: outgoing.written_at,
            subject: outgoing.rendered.subject.clone(),
            text: outgoing.rendered.text.clone(),
            html: outgoing.rendered.html.clone(),
        });
        Outcome::sent("kept in the demo mailbox")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::delivery::{Mailer, Outgoing, Sender, samples};
    use crate::domain::message::Message;

    fn outgoing(number: u128, to: &str) -> Outgoing {
        Outgoing {
            delivery: DeliveryId(Uuid::from_u128(number)),
            to: to.to_owned(),
            name: None,
            written_at: samples::NOON,
            rendered: samples::rendered(&Message::Offer(samples::offer())),
        }
    }

    // SEND-1
    #[tokio::test]
    async fn the_mailbox_keeps_the_latest_mails_and_shows_the_newest_first() {
        let mailbox = Arc::new(Mailbox::new());
        let mailer = Mailer::new(Sender::parse("leads@example.com", None).unwrap(), mailbox.clone());
        for number in 1..=u128::from(MAILS_MAX as u64) + 5 {
            assert!(matches!(mailer.send(outgoing(number, "ann@example.org")).await, Outcome::Sent { .. }));
        }
        let mails = mailbox.list();
        assert_eq!((mails.len(), mailbox.count()), (MAILS_MAX, MAILS_MAX));
        assert_eq!(mails[0].delivery, DeliveryId(Uuid::from_u128(205)));
        assert!(mailbox.lookup(DeliveryId(Uuid::from_u128(5))).is_none());
        let kept = mailbox.lookup(DeliveryId(Uuid::from_u128(6))).unwrap();
        assert!(kept.text.contains("https://leads.example.com/l/"));
    }

    // The demo refuses what a mail server would.
    #[tokio::test]
    async fn an_address_that_is_none_fails_for_good_and_nothing_arrives() {
        let mailbox = Arc::new(Mailbox::new());
        let mailer = Mailer::new(Sender::parse("leads@example.com", None).unwrap(), mailbox.clone());
        let outcome = mailer.send(outgoing(1, "nowhere")).await;
        assert_eq!(outcome, Outcome::bad_address("`nowhere` is not an email address"));
        assert_eq!(mailbox.count(), 0);
    }
}
