//! What is pushed to a dealer's CRM: a copy with everything that its document tells, as it is at the moment of sending.
//!
//! It holds the customer's contact data. It is never stored and never printed.

use std::cmp::Reverse;
use std::fmt;

use crate::domain::dealer::Dealer;
use crate::domain::id::{DeliveryId, LeadId};
use crate::domain::lead::Lead;
use crate::domain::request::Request;
use crate::domain::tenant::Tenant;

/// A lead on its way to a dealer's CRM.
#[derive(Clone)]
pub struct Parcel {
    /// The delivery: the same on every try.
    pub delivery: DeliveryId,
    /// Whose lead it is.
    pub tenant: Tenant,
    /// The copy.
    pub copy: Lead,
    /// The copies that it comes from, the first one first; the copy itself is the last.
    pub line: Vec<LeadId>,
    /// What the customer asked for.
    pub request: Request,
    /// Who has the copy.
    pub dealer: Dealer,
}

/// Texts that are shorter say nothing about anybody, and would be found everywhere.
const TELLING_CHARS_MIN: usize = 3;
/// By these, from the end, a phone number is known, whatever was put before them.
const LOCAL_DIGITS: usize = 7;

impl Parcel {
    /// The copies that `copy` comes from among all of its request, itself included.
    pub fn line_of(copy: &Lead, chain: &[Lead]) -> Vec<LeadId> {
        let mut line = vec![copy.id];
        let mut parent = copy.parent;
        // No longer than the chain, whatever stands in it.
        while let Some(before) = parent.filter(|id| !line.contains(id)) {
            line.push(before);
            parent = chain.iter().find(|other| other.id == before).and_then(|other| other.parent);
        }
        if !line.contains(&copy.root) {
            line.push(copy.root);
        }
        line.reverse();
        line
    }

    /// Whether the copy was handed on to the dealer, rather than being the first.
    pub fn is_handed_on(&self) -> bool {
        self.copy.round > 0
    }

    /// A receiver's answer without what it repeats of the customer word for word. Who may not see the customer is not shown answers either;
    /// this is for what is kept.
    pub(super) fn without_contact_data(&self, answer: &str) -> String {
        let (person, address) = (&self.request.person, &self.request.address);
        let told = [&person.first_name, &person.last_name, &person.email, &person.phone, &address.street];
        let told = told.into_iter().chain([&self.request.comments]).flatten();
        let mut told: Vec<&str> = told.map(|text| text.trim()).collect();
        told.retain(|text| text.chars().count() >= TELLING_CHARS_MIN);
        // The longest first: what stands within another text would else leave the rest of that one.
        told.sort_by_key(|text| Reverse(text.chars().count()));
        let answer = told.into_iter().fold(answer.to_owned(), |answer, text| hidden(&answer, |rest| after(rest, text)));
        let digits: Vec<char> =
            person.phone.iter().flat_map(|phone| phone.chars()).filter(char::is_ascii_digit).collect();
        let local = digits.get(digits.len().saturating_sub(LOCAL_DIGITS)..).unwrap_or_default();
        if local.len() < TELLING_CHARS_MIN { answer } else { hidden(&answer, |rest| after_digits(rest, local)) }
    }
}

/// The text with `…` for all that `after` passes over.
fn hidden(text: &str, after: impl Fn(&str) -> Option<&str>) -> String {
    let (mut rest, mut shown) = (text, String::with_capacity(text.len()));
    while let Some(letter) = rest.chars().next() {
        if let Some(behind) = after(rest) {
            shown.push('…');
            rest = behind;
        } else {
            shown.push(letter);
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
    }
    shown
}

/// What follows `begin`, if the text begins with it, whatever the case.
fn after<'t>(text: &'t str, begin: &str) -> Option<&'t str> {
    let mut letters = text.chars();
    let is_next = |wanted: char| letters.next().is_some_and(|letter| letter.to_lowercase().eq(wanted.to_lowercase()));
    begin.chars().all(is_next).then_some(letters.as_str())
}

/// What follows these digits, if the text begins with them, however they are grouped.
fn after_digits<'t>(text: &'t str, digits: &[char]) -> Option<&'t str> {
    let mut letters = text.chars();
    for (place, digit) in digits.iter().enumerate() {
        let is_between = |letter: &char| place > 0 && matches!(letter, ' ' | '-' | '.' | '/' | '(' | ')');
        if letters.by_ref().find(|letter| !is_between(letter)) != Some(*digit) {
            return None;
        }
    }
    Some(letters.as_str())
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel").field("delivery", &self.delivery).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::delivery::samples;

    // SEND-5
    #[test]
    fn the_line_goes_from_the_first_copy_to_the_one_that_is_pushed_and_leaves_out_those_beside_it() {
        let [first, second, beside, third] = samples::chain();
        let chain = [first.clone(), second.clone(), beside.clone(), third.clone()];
        assert_eq!(Parcel::line_of(&third, &chain), [first.id, second.id, third.id]);
        assert_eq!(Parcel::line_of(&beside, &chain), [first.id, beside.id]);
        assert_eq!(Parcel::line_of(&first, &chain), [first.id]);
        let lost = Lead { parent: Some(LeadId(Uuid::from_u128(99))), ..third };
        assert_eq!(Parcel::line_of(&lost, &[]).first(), Some(&first.id), "the root is known in any case");
        let circle = [Lead { parent: Some(second.id), ..first.clone() }, Lead { parent: Some(first.id), ..second }];
        assert_eq!(Parcel::line_of(&circle[0], &circle).len(), 2);
    }

    // AUTH-3
    #[test]
    fn neither_a_log_nor_an_answer_shows_the_customer() {
        let parcel = samples::parcel();
        assert_eq!(format!("{parcel:?}"), "Parcel { delivery: dlv_000000000000000000000000000000d1, .. }");
        let answer = "duplicate of jo.doe@example.net (Jo Doe, 617-555-0100), case 7";
        assert_eq!(parcel.without_contact_data(answer), "duplicate of … (Jo …, …), case 7");
        let answer = "duplicate of JO.DOE@EXAMPLE.NET (DOE, +1 (617) 5550100), 12 elm STREET, case 5550101";
        assert_eq!(parcel.without_contact_data(answer), "duplicate of … (…, +1 (617) …), …, case 5550101");
        let mut within = samples::parcel();
        (within.request.person.first_name, within.request.person.last_name) =
            (Some("Ann".into()), Some("Anner".into()));
        assert_eq!(within.without_contact_data("Anner"), "…");
    }
}
