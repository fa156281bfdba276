//! Pages that the tests share, and what must hold of every page; none of it is compiled into the product.

use chrono_tz::Tz;
use uuid::Uuid;

use super::*;
use crate::delivery::samples as mail;
use crate::delivery::wording::{Deadline, SummaryWords};
use crate::delivery::{MailboxMail, wording};
use crate::domain::id::DeliveryId;

/// What must be on no page before the acknowledgement.
pub const CONTACT_DATA: [&str; 5] = ["Jo Doe", "555-0100", "jo.doe@example.net", "12 Elm Street", "02138"];

const ZONE: Tz = Tz::America__New_York;

const REJECT: &[Choice<'static>] = &[
    Choice { code: "too_far", label: "Too far away" },
    Choice { code: "no_capacity", label: "No capacity right now" },
    Choice { code: "not_ours", label: "We do not sell this" },
];

const LOST: &[Choice<'static>] = &[
    Choice { code: "bought_elsewhere", label: "Bought elsewhere" },
    Choice { code: "unreachable", label: "Could not be reached" },
];

pub fn summary() -> SummaryWords<'static> {
    let summary = Box::leak(Box::new(mail::summary()));
    SummaryWords::new(summary, ZONE)
}

pub fn deadline() -> Deadline {
    Deadline::new(mail::NOON, mail::later(4), ZONE)
}

pub fn offer() -> OfferPage<'static> {
    OfferPage {
        network: "Aurora Motors",
        dealer: "Harbor Auto",
        summary: summary(),
        distance: Some("8.4 mi".to_owned()),
        reason: "Gold dealer within 100 mi with the best rating",
        round: 2,
        deadline: Some(deadline()),
        link: "/l/token",
        reject_reasons: REJECT,
        problem: None,
    }
}

pub fn acknowledged(standing: Standing) -> AcknowledgedPage<'static> {
    AcknowledgedPage {
        network: "Aurora Motors",
        dealer: "Harbor Auto",
        summary: summary(),
        distance: Some("8.4 mi".to_owned()),
        contact: CustomerContact {
            name: "Jo Doe",
            phones: vec![Phone { label: "Mobile", number: "+1 (617) 555-0100" }],
            email: Some("jo.doe@example.net"),
            address: vec!["12 Elm Street", "Boston, MA 02138"],
            preference: Some("Phone, in the evening"),
            comment: Some("I would like to try the long range model this weekend. Is there one in blue?"),
        },
        alert: None,
        acknowledged: wording::moment(mail::later(1), ZONE),
        acknowledged_by: Some("Ann Lee"),
        standing,
        link: "/l/token",
        reject_reasons: REJECT,
        lost_reasons: LOST,
        problem: None,
    }
}

pub fn status(state: StatusState) -> StatusPage<'static> {
    let distance = Some("8.4 mi".to_owned());
    StatusPage { network: "Aurora Motors", dealer: "Harbor Auto", summary: summary(), distance, state }
}

pub fn mails() -> Vec<MailboxMail> {
    (0..)
        .zip(mail::all().iter().rev())
        .map(|(number, message)| {
            let rendered = mail::rendered(message);
            MailboxMail {
                delivery: DeliveryId(Uuid::from_u128(number)),
                to: "ann@harbor-auto.example".to_owned(),
                written_at: mail::NOON,
                subject: rendered.subject,
                text: rendered.text,
                html: rendered.html,
            }
        })
        .collect()
}

/// Every page: one language, one title, one main landmark, one first heading; no script, nothing loaded, labels on fields.
pub fn is_sound(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{page}");
    for once in ["<title>", "<main", "<h1", "name=\"viewport\"", STYLE] {
        assert_eq!(page.matches(once).count(), 1, "{once} in\n{page}");
    }
    for never in ["<script", "<img", "<link", " src=", " style=", " onclick", "javascript:", "None"] {
        assert!(!page.contains(never), "{never} in\n{page}");
    }
    for field in ["<select", "<textarea"] {
        for (at, _) in page.match_indices(field) {
            let id = page[at..].split("id=\"").nth(1).unwrap().split('"').next().unwrap();
            assert!(page.contains(&format!("<label for=\"{id}\"")), "{field} {id} has no label");
            assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
    }
}
