//! What people give to make or change a contact.

use super::person::{email, mobile};
use super::problems::Problems;
use crate::domain::dealer::{Contact, ContactKind};
use crate::domain::error::text;
use crate::domain::id::{ContactId, DealerId, TenantId};
use crate::domain::{CountryCode, Invalid, InvalidCode, Timestamp};

/// As long as a first and a last name together.
const NAME_LENGTH_MAX: usize = 200;

/// A contact, as far as it is given.
#[derive(Clone, Debug, Default)]
pub struct ContactInput {
    /// Whether links to this contact acknowledge; TO if never given.
    pub kind: Option<ContactKind>,
    /// The person's or the desk's name.
    pub name: Option<String>,
    /// Where mail goes.
    pub email: Option<Option<String>>,
    /// Where short messages go.
    pub mobile: Option<Option<String>>,
    /// Whether the contact is told of leads.
    pub active: Option<bool>,
    /// Whether the person asked for no more mail.
    pub unsubscribed: Option<bool>,
    /// Whether mail comes back; a new address starts afresh.
    pub bouncing: Option<bool>,
}

/// Where and when a contact is changed.
#[derive(Clone, Copy, Debug)]
pub struct ContactSurroundings {
    /// The dealer's country, by which a national number is completed.
    pub country: CountryCode,
    /// The moment of the change.
    pub at: Timestamp,
}

impl Contact {
    /// A contact of a dealer about which nothing is known yet.
    pub fn blank(tenant: TenantId, dealer: DealerId, id: ContactId, at: Timestamp) -> Self {
        Self {
            tenant,
            id,
            dealer,
            kind: ContactKind::To,
            name: String::new(),
            email: None,
            mobile: None,
            active: true,
            unsubscribed_at: None,
            bounced_at: None,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

impl ContactInput {
    /// What this input makes of a contact; every problem at once.
    pub fn apply(&self, before: Contact, known: ContactSurroundings) -> Result<Contact, Vec<Invalid>> {
        let mut problems = Problems::default();
        let mut contact = before.clone();
        contact.kind = self.kind.unwrap_or(before.kind);
        contact.active = self.active.unwrap_or(before.active);
        problems.set(&mut contact.name, self.name.as_deref().map(|name| text("name", name, NAME_LENGTH_MAX)));
        let given =
            |value: &Option<String>| value.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let address = self.email.as_ref().map(|value| given(value).map(|text| email("email", &text)).transpose());
        problems.set(&mut contact.email, address);
        let number = self.mobile.as_ref().map(given);
        let number = number.map(|text| text.map(|text| mobile("mobile", &text, known.country)).transpose());
        problems.set(&mut contact.mobile, number);
        if contact.email != before.email {
            contact.bounced_at = None;
        }
        contact.unsubscribed_at = switched(self.unsubscribed, contact.unsubscribed_at, known.at);
        contact.bounced_at = switched(self.bouncing, contact.bounced_at, known.at);
        contact.updated_at = known.at;
        if contact.name.is_empty() && self.name.is_none() {
            problems.add("name", InvalidCode::Required, "name is missing, give one");
        }
        // Said only when neither was given, not on top of a malformed one.
        let reachable = contact.email.is_some() || contact.mobile.is_some();
        let attempted = [&self.email, &self.mobile].into_iter().flatten().any(|value| given(value).is_some());
        if !reachable && !attempted {
            problems.add(
                "email",
                InvalidCode::Required,
                "a contact needs a mail address or a mobile number, give one of them",
            );
        }
        problems.done(contact)
    }
}

fn switched(given: Option<bool>, before: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    match given {
        None => before,
        Some(true) => before.or(Some(at)),
        Some(false) => None,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const AT: Timestamp = Timestamp::from_micros(1_000);
    const KNOWN: ContactSurroundings = ContactSurroundings { country: CountryCode::US, at: AT };

    fn blank() -> Contact {
        Contact::blank(Uuid::nil().into(), Uuid::nil().into(), Uuid::nil().into(), AT)
    }

    // SPEC §1: contact
    #[test]
    fn a_contact_needs_a_name_and_one_way_to_be_reached() {
        let problems = ContactInput::default().apply(blank(), KNOWN).unwrap_err();
        let paths: Vec<String> = problems.iter().map(|problem| problem.path.join(".")).collect();
        assert_eq!(paths, ["name", "email"]);
        let given =
            ContactInput { name: Some("Ann".into()), mobile: Some(Some("415 555 0123".into())), ..Default::default() };
        assert_eq!(given.apply(blank(), KNOWN).unwrap().mobile.as_deref(), Some("+14155550123"));
        let wrong = ContactInput {
            name: Some("Ann".into()),
            email: Some(Some("ann".into())),
            mobile: Some(Some("1".into())),
            ..Default::default()
        };
        assert_eq!(wrong.apply(blank(), KNOWN).unwrap_err().len(), 2, "each said once");
    }

    // SPEC §1: contact; IFACE-3
    #[test]
    fn a_new_address_starts_without_bounces() {
        let given = ContactInput {
            name: Some("Ann".into()),
            email: Some(Some("ann@example.com".into())),
            bouncing: Some(true),
            ..Default::default()
        };
        let bounced = given.apply(blank(), KNOWN).unwrap();
        assert!(!bounced.can_be_offered());
        let renewed = ContactInput { email: Some(Some("ann@example.org".into())), ..Default::default() };
        assert!(renewed.apply(bounced.clone(), KNOWN).unwrap().can_be_offered());
        let last = ContactInput { email: Some(None), ..Default::default() };
        assert_eq!(last.apply(bounced, KNOWN).unwrap_err()[0].code, InvalidCode::Required);
    }
}
