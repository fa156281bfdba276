//! What a message says, as the variables of its template: the payload that a delivery row keeps until it is sent.
//!
//! No type here has a place for a customer's contact data, and none carries a link: the link is made from the offer's
//! id at the moment of sending. Field names are stored, so a change of one needs a migration of the rows that wait.

use std::fmt;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::dealer::ContactKind;
use super::id::{DealerId, LeadId, OfferId};
use super::place::{CountryCode, PostalCode};
use super::tenant::DistanceUnit;
use super::time::Timestamp;

/// What a template may show in one place; longer texts are cut, for a mail is no place to read an essay.
const LINE_CHARS_MAX: usize = 300;

/// One line of plain text: no line breaks, no control characters, nothing that turns the reading direction, blanks
/// collapsed, at most 300 characters. So no name can add a header to a mail or a paragraph to a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Line(String);

impl Line {
    /// Makes a line of any text.
    pub fn new(text: &str) -> Self {
        let spaced = text.replace(|c: char| c.is_control() || turns_direction(c), " ");
        let collapsed = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
        match collapsed.char_indices().nth(LINE_CHARS_MAX) {
            None => Self(collapsed),
            Some(_) => Self(collapsed.chars().take(LINE_CHARS_MAX - 1).chain(['…']).collect()),
        }
    }

    /// Makes a line of a text that may be missing or blank.
    pub fn optional(text: Option<&str>) -> Option<Self> {
        text.map(Self::new).filter(|line| !line.0.is_empty())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Unicode's embedding, override and isolate controls (UAX #9) can make an address read backwards.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first three characters of a postal code: enough to know the region, too little to know the street.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct PostalArea(String);

impl PostalArea {
    /// The area that a code lies in.
    pub fn of(code: &PostalCode) -> Self {
        Self::from(code.as_str().to_owned())
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for PostalArea {
    fn from(text: String) -> Self {
        Self(text.chars().take(3).collect())
    }
}

impl From<PostalArea> for String {
    fn from(area: PostalArea) -> Self {
        area.0
    }
}

/// How far the customer is from the dealer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// Kilometres, whatever it is shown in.
    pub km: f64,
    /// The unit to show.
    pub unit: DistanceUnit,
}

/// What may be shown of a request before anybody acknowledged it (ACK-1). It has no field for a name, a street, a phone
/// number, an email address or the customer's own words, and must never get one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeadSummary {
    /// The brand asked for.
    pub brand: Option<Line>,
    /// The product or model asked for.
    pub product: Option<Line>,
    /// What the customer wants: a test drive, an offer, a service appointment.
    pub interest: Option<Line>,
    /// The customer's town.
    pub city: Option<Line>,
    /// The start of the customer's postal code.
    pub postal_area: Option<PostalArea>,
    /// The customer's country.
    pub country: Option<CountryCode>,
    /// Where the request came from.
    pub source: Option<Line>,
    /// When the customer asked.
    pub received_at: Timestamp,
}

/// What every message names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The tenant's name, as recipients know it.
    pub network: Line,
    /// The dealer whose copy of the lead it is about.
    pub dealer: Line,
    /// The person written to.
    pub recipient: Option<Line>,
    /// The time zone in which that person reads times.
    pub zone: Tz,
    /// The copy.
    pub lead: LeadId,
    /// The request.
    pub summary: LeadSummary,
}

/// Which link a mail carries: the offer it opens and how many times that link was made anew (from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkOf {
    /// The offer.
    pub offer: OfferId,
    /// The link's generation.
    pub generation: u8,
}

/// A new lead is offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferMail {
    /// Whom and what it is about.
    pub about: About,
    /// The link to acknowledge by.
    pub link: LinkOf,
    /// 1 for the first recipient, 2 for the next.
    pub round: u32,
    /// From the customer to the dealer, if both are on the map.
    pub distance: Option<Distance>,
    /// Why this dealer.
    pub reason: Line,
    /// When it was offered.
    pub offered_at: Timestamp,
    /// When it goes on to somebody else, if it ever does.
    pub expires_at: Option<Timestamp>,
}

/// A lead was offered to a colleague; the link only shows how it stands (ACK-3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusMail {
    /// Whom and what it is about.
    pub about: About,
    /// The link to the status.
    pub link: LinkOf,
    /// 1 for the first recipient, 2 for the next.
    pub round: u32,
    /// When it was offered.
    pub offered_at: Timestamp,
    /// When it goes on to somebody else, if it ever does.
    pub expires_at: Option<Timestamp>,
}

/// A lead was taken away from the one written to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossMail {
    /// Whom and what it is about.
    pub about: About,
    /// When it was offered.
    pub offered_at: Timestamp,
    /// When it was taken away.
    pub lost_at: Timestamp,
    /// Why.
    pub reason: Line,
}

/// A lead will be taken away soon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarningMail {
    /// Whom and what it is about.
    pub about: About,
    /// The link to acknowledge by: the same as in the offer.
    pub link: LinkOf,
    /// When the warning was written.
    pub warned_at: Timestamp,
    /// When it goes on to somebody else.
    pub expires_at: Timestamp,
}

/// A manager learns that a lead changed hands; `about.dealer` is the new owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManagerMail {
    /// Whom and what it is about.
    pub about: About,
    /// The dealer who had it before.
    pub from_dealer: Option<Line>,
    /// 1 for the first recipient, 2 for the next.
    pub round: u32,
    /// From the customer to the new owner.
    pub distance: Option<Distance>,
    /// Why it moved.
    pub reason: Line,
    /// When it moved.
    pub moved_at: Timestamp,
}

/// A link had expired before its lead did, so here is a fresh one (ACK-5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FreshLinkMail {
    /// Whom and what it is about.
    pub about: About,
    /// The fresh link.
    pub link: LinkOf,
    /// When the old link was opened.
    pub asked_at: Timestamp,
    /// When the lead goes on to somebody else, if it ever does.
    pub expires_at: Option<Timestamp>,
}

/// One of several dealers who had the lead at once was quicker (ALGO-2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakenMail {
    /// Whom and what it is about.
    pub about: About,
    /// When it was offered.
    pub offered_at: Timestamp,
    /// When the other one acknowledged it.
    pub taken_at: Timestamp,
}

/// Many leads are offered at once, by one bulk operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestMail {
    /// The tenant's name, as recipients know it.
    pub network: Line,
    /// Who got the leads.
    pub dealer: Line,
    /// The person written to.
    pub recipient: Option<Line>,
    /// The time zone in which that person reads times.
    pub zone: Tz,
    /// Whether the links acknowledge or only show the status (ACK-3).
    pub kind: ContactKind,
    /// The leads that there is room for.
    pub leads: Vec<DigestLead>,
    /// How many more there are, which another mail tells of.
    pub more: u32,
    /// Why this dealer.
    pub reason: Line,
    /// When the mail was written.
    pub written_at: Timestamp,
}

/// One of the leads of a digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestLead {
    /// The copy.
    pub lead: LeadId,
    /// Its link.
    pub link: LinkOf,
    /// The request.
    pub summary: LeadSummary,
    /// When it goes on to somebody else, if it ever does.
    pub expires_at: Option<Timestamp>,
}

/// A lead is pushed to a dealer's CRM (SEND-5). The document is made of the copy, its request and its chain at the moment of sending: what
/// was erased or changed until then does not leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrmPush {
    /// Whose CRM. A copy that is no longer in this dealer's hands is not pushed.
    pub dealer: DealerId,
}

/// Which template a message is written by; what each is for stands at [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    Offer,
    Status,
    Loss,
    Warning,
    Manager,
    FreshLink,
    Taken,
    Digest,
    Crm,
}

impl Template {
    /// Its name, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Status => "status",
            Self::Loss => "loss",
            Self::Warning => "warning",
            Self::Manager => "manager",
            Self::FreshLink => "fresh_link",
            Self::Taken => "taken",
            Self::Digest => "digest",
            Self::Crm => "crm",
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A message by template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum Message {
    /// A new lead is offered.
    Offer(OfferMail),
    /// A lead was offered to a colleague.
    Status(StatusMail),
    /// A lead was taken away.
    Loss(LossMail),
    /// A lead will be taken away soon.
    Warning(WarningMail),
    /// A lead changed hands.
    Manager(ManagerMail),
    /// A fresh link for an expired one.
    FreshLink(FreshLinkMail),
    /// Another dealer was quicker.
    Taken(TakenMail),
    /// Many leads are offered at once.
    Digest(DigestMail),
    /// A lead is pushed to a dealer's CRM.
    Crm(CrmPush),
}

impl Message {
    /// The template.
    pub fn template(&self) -> Template {
        match self {
            Self::Offer(_) => Template::Offer,
            Self::Status(_) => Template::Status,
            Self::Loss(_) => Template::Loss,
            Self::Warning(_) => Template::Warning,
            Self::Manager(_) => Template::Manager,
            Self::FreshLink(_) => Template::FreshLink,
            Self::Taken(_) => Template::Taken,
            Self::Digest(_) => Template::Digest,
            Self::Crm(_) => Template::Crm,
        }
    }

    /// The person written to; none for a push, which goes to a system.
    pub fn recipient(&self) -> Option<&Line> {
        let about = match self {
            Self::Digest(mail) => return mail.recipient.as_ref(),
            Self::Crm(_) => return None,
            Self::Offer(mail) => &mail.about,
            Self::Status(mail) => &mail.about,
            Self::Loss(mail) => &mail.about,
            Self::Warning(mail) => &mail.about,
            Self::Manager(mail) => &mail.about,
            Self::FreshLink(mail) => &mail.about,
            Self::Taken(mail) => &mail.about,
        };
        about.recipient.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_line_holds_no_break_no_control_and_no_essay() {
        assert_eq!(Line::new("  Ann\r\nBcc: all@example.com\0\u{2028}x ").as_str(), "Ann Bcc: all@example.com x");
        assert_eq!(Line::new("\u{202e}moc.live").as_str(), "moc.live");
        let long = Line::new(&"é".repeat(5000));
        assert_eq!(long.as_str().chars().count(), LINE_CHARS_MAX);
        assert!(long.as_str().ends_with('…'));
        assert_eq!(Line::new(&"é".repeat(LINE_CHARS_MAX)).as_str().chars().count(), LINE_CHARS_MAX);
        assert_eq!(Line::optional(Some(" \n ")), None);
        assert_eq!(serde_json::from_str::<Line>(r#""a\nb""#).unwrap(), Line::new("a b"));
    }

    // ACK-1
    #[test]
    fn a_summary_keeps_the_area_of_a_postal_code_and_not_the_code() {
        let code = PostalCode::parse(CountryCode::US, "02138").unwrap();
        assert_eq!(PostalArea::of(&code).as_str(), "021");
        assert_eq!(serde_json::from_str::<PostalArea>(r#""02138""#).unwrap().as_str(), "021");
    }

    // The stored form: a row written by an older server must be read by this one.
    #[test]
    fn a_message_is_stored_under_its_template_with_these_names() {
        let message = Message::Offer(OfferMail {
            about: About {
                network: "Aurora Motors".into(),
                dealer: "Harbor Auto".into(),
                recipient: None,
                zone: Tz::America__New_York,
                lead: LeadId(Uuid::from_u128(1)),
                summary: LeadSummary {
                    brand: Some("Aurora".into()),
                    product: None,
                    interest: Some("Test drive".into()),
                    city: Some("Boston".into()),
                    postal_area: Some(PostalArea::from("02138".to_owned())),
                    country: Some(CountryCode::US),
                    source: None,
                    received_at: Timestamp::from_micros(5),
                },
            },
            link: LinkOf { offer: OfferId(Uuid::from_u128(2)), generation: 0 },
            round: 1,
            distance: Some(Distance { km: 3.5, unit: DistanceUnit::Mi }),
            reason: "Nearest".into(),
            offered_at: Timestamp::from_micros(6),
            expires_at: None,
        });
        let stored = serde_json::json!({
            "template": "offer",
            "about": {
                "network": "Aurora Motors", "dealer": "Harbor Auto", "recipient": null, "zone": "America/New_York",
                "lead": "lead_00000000000000000000000000000001",
                "summary": {
                    "brand": "Aurora", "product": null, "interest": "Test drive", "city": "Boston",
                    "postal_area": "021", "country": "US", "source": null, "received_at": 5,
                },
            },
            "link": { "offer": "off_00000000000000000000000000000002", "generation": 0 },
            "round": 1, "distance": { "km": 3.5, "unit": "MI" }, "reason": "Nearest",
            "offered_at": 6, "expires_at": null,
        });
        assert_eq!(serde_json::to_value(&message).unwrap(), stored);
        assert_eq!(serde_json::from_value::<Message>(stored).unwrap(), message);
        assert_eq!(message.template(), Template::Offer);
    }
}
