//! Messages that the tests of this room and of the pages share; none of it is compiled into the product.

use chrono_tz::Tz;
use uuid::Uuid;

use super::{Links, Rendered, render};
use crate::domain::Timestamp;
use crate::domain::dealer::ContactKind;
use crate::domain::id::{LeadId, OfferId, TenantId};
use crate::domain::link::LinkKey;
use crate::domain::message::*;
use crate::domain::place::CountryCode;
use crate::domain::tenant::DistanceUnit;

/// 2026-11-21 19:05 UTC.
pub const NOON: Timestamp = Timestamp::from_micros(1_795_287_900_000_000);

pub fn later(hours: u64) -> Timestamp {
    NOON + std::time::Duration::from_hours(hours)
}

pub fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(0x7e))
}

pub fn links() -> Links {
    Links::new("https://leads.example.com/", LinkKey::new(&[7; 32]).unwrap())
}

pub fn summary() -> LeadSummary {
    LeadSummary {
        brand: Some("Aurora".into()),
        product: Some("Comet 5".into()),
        interest: Some("Test drive".into()),
        city: Some("Boston".into()),
        postal_area: Some(PostalArea::from("02138".to_owned())),
        country: Some(CountryCode::US),
        source: Some("Configurator".into()),
        received_at: NOON,
    }
}

pub fn about() -> About {
    About {
        network: "Aurora Motors".into(),
        dealer: "Harbor Auto".into(),
        recipient: Some("Ann Lee".into()),
        zone: Tz::America__New_York,
        lead: LeadId(Uuid::from_u128(0x1ead)),
        summary: summary(),
    }
}

pub fn offer() -> OfferMail {
    OfferMail {
        about: about(),
        link: LinkOf { offer: OfferId(Uuid::from_u128(0x0ff)), generation: 0 },
        round: 2,
        distance: Some(Distance { km: 13.5, unit: DistanceUnit::Mi }),
        reason: "Gold dealer within 100 mi with the best rating".into(),
        offered_at: NOON,
        expires_at: Some(later(4)),
    }
}

pub fn digest() -> DigestMail {
    let lead = |number: u128, expires_at| DigestLead {
        lead: LeadId(Uuid::from_u128(0x1ea0 + number)),
        link: LinkOf { offer: OfferId(Uuid::from_u128(0x0f0 + number)), generation: 0 },
        summary: summary(),
        expires_at,
    };
    DigestMail {
        network: "Aurora Motors".into(),
        dealer: "Harbor Auto".into(),
        recipient: Some("Ann Lee".into()),
        zone: Tz::America__New_York,
        kind: ContactKind::To,
        leads: vec![lead(1, Some(later(4))), lead(2, None)],
        more: 12,
        reason: "handed on by Ada".into(),
        written_at: NOON,
    }
}

/// One of each template.
pub fn all() -> Vec<Message> {
    let offer = offer();
    let link = offer.link;
    vec![
        Message::Status(StatusMail { about: about(), link, round: 2, offered_at: NOON, expires_at: Some(later(4)) }),
        Message::Loss(LossMail {
            about: about(),
            offered_at: NOON,
            lost_at: later(4),
            reason: "It was not acknowledged in time".into(),
        }),
        Message::Warning(WarningMail { about: about(), link, warned_at: later(3), expires_at: later(4) }),
        Message::Manager(ManagerMail {
            about: about(),
            from_dealer: Some("Summit Cars".into()),
            round: 2,
            distance: offer.distance,
            reason: "It was not acknowledged in time".into(),
            moved_at: later(4),
        }),
        Message::FreshLink(FreshLinkMail { about: about(), link, asked_at: later(1), expires_at: Some(later(4)) }),
        Message::Taken(TakenMail { about: about(), offered_at: NOON, taken_at: later(1) }),
        Message::Digest(digest()),
        Message::Offer(offer),
    ]
}

pub fn rendered(message: &Message) -> Rendered {
    render(message, tenant(), &links()).unwrap()
}
