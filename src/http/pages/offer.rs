//! The page that offers a lead, and the page that shows it once it is acknowledged (ACK-2, ACK-3).
//!
//! [`OfferPage`] must never get a field for contact data: a mail scanner that opens the link sees it.

use askama::Template;

use super::contact::CustomerContact;
use crate::delivery::wording::{Deadline, SummaryWords};

/// One of the reasons that a form offers.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    /// What the form sends.
    pub code: &'a str,
    /// What the person reads.
    pub label: &'a str,
}

/// A lead that waits for its recipient: the summary and one button.
#[derive(Template)]
#[template(path = "pages/offer.html")]
pub struct OfferPage<'a> {
    /// The tenant's name.
    pub network: &'a str,
    /// The dealer it is offered to.
    pub dealer: &'a str,
    /// The request, without contact data.
    pub summary: SummaryWords<'a>,
    /// From the customer to the dealer.
    pub distance: Option<String>,
    /// Why this dealer.
    pub reason: &'a str,
    /// 1 for the first recipient, 2 for the next.
    pub round: u32,
    /// Until when it waits, if it does not wait for ever.
    pub deadline: Option<Deadline>,
    /// The link's own path: `/l/<token>`.
    pub link: &'a str,
    /// Why one may reject.
    pub reject_reasons: &'a [Choice<'a>],
    /// What was wrong with the form sent before.
    pub problem: Option<&'a str>,
}

/// How an acknowledged lead stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Acknowledged, nothing said yet.
    Acknowledged,
    /// Accepted.
    Accepted,
    /// Reported won.
    Won,
    /// Reported lost.
    Lost,
}

impl Standing {
    /// The word on the page's badge.
    pub fn label(self) -> &'static str {
        match self {
            Self::Acknowledged => "Acknowledged",
            Self::Accepted => "Accepted",
            Self::Won => "Won",
            Self::Lost => "Lost",
        }
    }
}

/// An acknowledged lead, with the customer's contact data and what can be done next (ACK-6).
#[derive(Template)]
#[template(path = "pages/acknowledged.html")]
pub struct AcknowledgedPage<'a> {
    /// The tenant's name.
    pub network: &'a str,
    /// The dealer who has it.
    pub dealer: &'a str,
    /// The request.
    pub summary: SummaryWords<'a>,
    /// From the customer to the dealer.
    pub distance: Option<String>,
    /// Who asked.
    pub contact: CustomerContact<'a>,
    /// A notice that somebody put on top of the lead.
    pub alert: Option<&'a str>,
    /// When it was acknowledged, in the reader's zone.
    pub acknowledged: String,
    /// Who acknowledged it.
    pub acknowledged_by: Option<&'a str>,
    /// How it stands.
    pub standing: Standing,
    /// The link's own path: `/l/<token>`.
    pub link: &'a str,
    /// Why one may reject.
    pub reject_reasons: &'a [Choice<'a>],
    /// Why a lead may be lost.
    pub lost_reasons: &'a [Choice<'a>],
    /// What was wrong with the form sent before.
    pub problem: Option<&'a str>,
}

impl AcknowledgedPage<'_> {
    fn may_answer(&self) -> bool {
        self.standing == Standing::Acknowledged
    }

    fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Acknowledged | Standing::Accepted)
    }
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::*;
    use crate::http::pages::samples;

    // ACK-1, ACK-2: `OfferPage` has no field for contact data, and shows none of what the lead's own page shows.
    #[test]
    fn before_the_button_is_pressed_no_contact_data_is_on_the_page() {
        let page = samples::offer().render().unwrap();
        let shown = samples::acknowledged(Standing::Acknowledged).render().unwrap();
        for secret in samples::CONTACT_DATA {
            assert!(!page.contains(secret), "{secret}");
            assert!(shown.contains(secret), "{secret} is missing in\n{shown}");
        }
        assert!(page.contains("Aurora Comet 5") && page.contains("021…"));
    }

    // ACK-2: a plain form, no script, and the button says what it does.
    #[test]
    fn the_offer_has_one_button_that_posts_and_a_form_to_reject() {
        let page = samples::offer().render().unwrap();
        assert!(page.contains(r#"<form method="post" action="/l/token/acknowledge">"#), "{page}");
        assert!(page.contains(r#"<form method="post" action="/l/token/reject">"#));
        assert!(page.contains(r#"<option value="too_far">Too far away</option>"#));
        assert_eq!(page.matches("<form").count(), 2);
        samples::is_sound(&page);
    }

    // ACK-6
    #[test]
    fn what_can_be_done_follows_from_how_the_lead_stands() {
        for (standing, actions) in [
            (Standing::Acknowledged, &["accept", "reject", "won", "lost"][..]),
            (Standing::Accepted, &["won", "lost"][..]),
            (Standing::Won, &[][..]),
            (Standing::Lost, &[][..]),
        ] {
            let page = samples::acknowledged(standing).render().unwrap();
            for action in ["accept", "reject", "won", "lost"] {
                let offered = page.contains(&format!(r#"action="/l/token/{action}""#));
                assert_eq!(offered, actions.contains(&action), "{standing:?} {action}");
            }
            assert!(page.contains(standing.label()));
            samples::is_sound(&page);
        }
    }

    #[test]
    fn contact_data_can_be_tapped() {
        let page = samples::acknowledged(Standing::Accepted).render().unwrap();
        assert!(page.contains(r#"href="tel:+16175550100""#), "{page}");
        assert!(page.contains(r#"href="mailto:jo.doe@example.net""#));
    }

    #[test]
    fn what_people_wrote_is_shown_as_text() {
        let evil = "\"><script>alert(1)</script>";
        let mut page = samples::offer();
        (page.dealer, page.reason, page.problem) = (evil, evil, Some(evil));
        page.summary.title = evil.to_owned();
        samples::is_sound(&page.render().unwrap());
        let mut page = samples::acknowledged(Standing::Acknowledged);
        (page.contact.name, page.contact.comment, page.contact.email) = (evil, Some(evil), Some(evil));
        page.contact.phones[0].number = evil;
        samples::is_sound(&page.render().unwrap());
    }
}
