//! From words to a mail that can be sent: addresses, headers, parts; and the one call by which mails leave.
//!
//! No text reaches a header unencoded, and the same delivery makes the same bytes every time, Message-ID included: a
//! receiver that took a mail whose acknowledgement we never saw can tell the second copy by it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox as Address, MessageBuilder, MultiPart, SinglePart};

use super::error::DeliveryError;
use super::outcome::Outcome;
use super::render::Rendered;
use crate::domain::Timestamp;
use crate::domain::id::DeliveryId;
use crate::domain::message::Line;

/// Who mails are from.
#[derive(Clone, Debug)]
pub struct Sender {
    from: Address,
    reply_to: Option<Address>,
}

impl Sender {
    /// Reads `leads@example.com` or `Aurora Motors <leads@example.com>`.
    pub fn parse(from: &str, reply_to: Option<&str>) -> Result<Self, DeliveryError> {
        let parse = |setting, text: &str| {
            text.parse().map_err(|_| DeliveryError::Address { setting, address: text.to_owned() })
        };
        Ok(Self { from: parse("from", from)?, reply_to: reply_to.map(|text| parse("reply_to", text)).transpose()? })
    }
}

/// One mail to one address.
#[derive(Clone)]
pub struct Outgoing {
    /// The delivery, which gives the Message-ID.
    pub delivery: DeliveryId,
    /// The address, as the contact has it.
    pub to: String,
    /// The contact's name.
    pub name: Option<Line>,
    /// When the message was written: its date, also on a later try.
    pub written_at: Timestamp,
    /// What it says.
    pub rendered: Rendered,
}

/// A mail with its headers, ready to leave.
#[derive(Clone)]
pub struct Composed {
    /// What it was made of.
    pub outgoing: Outgoing,
    /// Envelope, headers and parts.
    pub message: lettre::Message,
}

impl fmt::Debug for Outgoing {
    /// The delivery alone: an address is a personal datum, and the text carries a link.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("delivery", &self.delivery).finish_non_exhaustive()
    }
}

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outgoing.fmt(f)
    }
}

/// Takes a mail to where it goes: a mail server ([`Smtp`](super::Smtp)) or the demo's own [`Mailbox`](super::Mailbox).
#[async_trait]
pub trait MailTransport: Send + Sync {
    /// One try. It always ends, within a time that the transport knows.
    async fn send(&self, mail: &Composed) -> Outcome;
}

/// Sends mails from one sender over one transport.
#[derive(Clone)]
pub struct Mailer {
    sender: Sender,
    transport: Arc<dyn MailTransport>,
}

impl Mailer {
    /// A mailer.
    pub fn new(sender: Sender, transport: Arc<dyn MailTransport>) -> Self {
        Self { sender, transport }
    }

    /// One try to send one mail. An address that is none is a permanent failure before anything is sent.
    pub async fn send(&self, outgoing: Outgoing) -> Outcome {
        match compose(&self.sender, &outgoing) {
            Ok(message) => self.transport.send(&Composed { outgoing, message }).await,
            Err(reason) => Outcome::bad_address(&reason),
        }
    }
}

fn compose(sender: &Sender, outgoing: &Outgoing) -> Result<lettre::Message, String> {
    let address = outgoing.to.trim().parse().map_err(|_| format!("`{}` is not an email address", outgoing.to))?;
    let name = outgoing.name.as_ref().map(ToString::to_string).filter(|name| !name.is_empty());
    // Absence notes must not answer these, and no two automata should write to each other (RFC 3834, section 5).
    let quiet = [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")];
    let builder = lettre::Message::builder()
        .message_id(Some(message_id(sender, outgoing.delivery)))
        .date(SystemTime::UNIX_EPOCH + since_epoch(outgoing.written_at))
        .from(sender.from.clone())
        .to(Address::new(name, address))
        .subject(outgoing.rendered.subject.clone());
    let builder = sender.reply_to.iter().cloned().fold(builder, MessageBuilder::reply_to);
    let text = SinglePart::plain(outgoing.rendered.text.clone());
    let built = match outgoing.rendered.html.as_str() {
        "" => builder.singlepart(text),
        html => builder.multipart(parts(outgoing.delivery, text, html.to_owned())),
    };
    let mut message = built.map_err(|error| error.to_string())?;
    for (name, value) in quiet {
        message.headers_mut().insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
    }
    Ok(message)
}

/// Plain text first: readers show the last part that they can (RFC 2046, section 5.1.4).
fn parts(delivery: DeliveryId, text: SinglePart, html: String) -> MultiPart {
    MultiPart::alternative()
        .boundary(format!("part-{}", delivery.uuid().simple()))
        .singlepart(text)
        .singlepart(SinglePart::html(html))
}

fn message_id(sender: &Sender, delivery: DeliveryId) -> String {
    format!("<{delivery}@{}>", sender.from.email.domain())
}

fn since_epoch(at: Timestamp) -> Duration {
    at.since(Timestamp::from_micros(0))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::delivery::samples;
    use crate::domain::message::Message;

    fn sender() -> Sender {
        Sender::parse("Aurora Motors <leads@example.com>", Some("desk@example.com")).unwrap()
    }

    fn outgoing(to: &str) -> Outgoing {
        Outgoing {
            delivery: DeliveryId(Uuid::from_u128(0xd1)),
            to: to.to_owned(),
            name: Some(Line::new("Ann Lee")),
            written_at: samples::NOON,
            rendered: samples::rendered(&Message::Offer(samples::offer())),
        }
    }

    fn source(outgoing: &Outgoing) -> String {
        String::from_utf8(compose(&sender(), outgoing).unwrap().formatted()).unwrap()
    }

    // SEND-2
    #[test]
    fn every_try_of_a_delivery_makes_the_same_bytes() {
        let first = source(&outgoing("ann@example.org"));
        assert_eq!(first, source(&outgoing("ann@example.org")));
        assert!(first.contains("Message-ID: <dlv_000000000000000000000000000000d1@example.com>\r\n"), "{first}");
        assert!(first.contains("Date: Sat, 21 Nov 2026 19:05:00 +0000\r\n"), "{first}");
        let other = Outgoing { delivery: DeliveryId(Uuid::from_u128(0xd2)), ..outgoing("ann@example.org") };
        assert!(source(&other).contains("Message-ID: <dlv_000000000000000000000000000000d2@example.com>\r\n"));
    }

    #[test]
    fn a_mail_has_sender_reply_address_and_both_parts() {
        let mail = source(&outgoing("ann@example.org"));
        for line in [
            "From: \"Aurora Motors\" <leads@example.com>\r\n",
            "Reply-To: desk@example.com\r\n",
            "To: \"Ann Lee\" <ann@example.org>\r\n",
            "Subject: New lead: Aurora Comet 5, answer within 4 hours\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(mail.contains(line), "{line} is missing in\n{mail}");
        }
        assert!(mail.is_ascii(), "a server without 8BITMIME takes it too");
        assert!(mail.find("text/plain") < mail.find("text/html"));
        assert!(mail.lines().all(|line| line.len() <= 998));
    }

    // SEND-5: the systems that read these take the body for the document.
    #[test]
    fn a_mail_for_a_machine_is_one_part_of_plain_text() {
        let rendered = Rendered::plain("Lead 1".to_owned(), "<adf>é</adf>\n".to_owned());
        let mail = source(&Outgoing { rendered, name: None, ..outgoing("crm@example.org") });
        assert!(mail.contains("Content-Type: text/plain; charset=utf-8\r\n") && !mail.contains("multipart"), "{mail}");
        assert!(mail.contains("<adf>=C3=A9</adf>"), "{mail}");
    }

    #[test]
    fn no_text_can_add_a_header() {
        let mut mail = outgoing("ann@example.org");
        mail.name = Some(Line::new("Ann\r\nBcc: all@example.com\r\n\r\n<script>\" <eve@example.net>, x"));
        // A subject can't hold a line break when it comes from a template; this one is forced.
        mail.rendered.subject = "Lead\r\nBcc: all@example.com\r\n\r\nbody".to_owned();
        let text = source(&mail);
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.to_lowercase().lines().any(|line| line.starts_with("bcc")), "{head}");
        let composed = compose(&sender(), &mail).unwrap();
        let to: Vec<String> = composed.envelope().to().iter().map(ToString::to_string).collect();
        assert_eq!(to, ["ann@example.org"]);
    }

    // AUTH-3
    #[test]
    fn a_mail_in_a_log_shows_its_delivery_alone() {
        let shown = format!("{:?}", outgoing("ann@example.org"));
        assert_eq!(shown, "Outgoing { delivery: dlv_000000000000000000000000000000d1, .. }");
    }

    #[test]
    fn what_is_no_address_is_refused_before_anything_is_sent() {
        for to in
            ["", "ann", "ann@", "ann@example.org, eve@example.net", "ann@exa mple.org", "ann@e.org\r\nRCPT TO:<x@y>"]
        {
            assert!(compose(&sender(), &outgoing(to)).is_err(), "{to}");
        }
        let error = Sender::parse("nobody", None).unwrap_err();
        assert!(error.to_string().starts_with("`nobody` in `from` is not an email address"), "{error}");
    }
}
