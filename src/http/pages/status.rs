//! The page behind a CC contact's link: how the lead stands, and nothing that can be done (ACK-3).
//!
//! It must never get a form or a field for contact data.

use askama::Template;

use crate::delivery::wording::{Deadline, SummaryWords};

/// How a lead stands, for somebody who only watches.
#[derive(Clone, Debug)]
pub enum StatusState {
    /// Offered, not answered.
    Waiting(Option<Deadline>),
    /// Acknowledged, when.
    Acknowledged(String),
    /// Accepted, when.
    Accepted(String),
    /// Rejected, when.
    Rejected(String),
    /// Taken away, when.
    Expired(String),
    /// Won, when.
    Won(String),
    /// Lost, when.
    Lost(String),
}

impl StatusState {
    fn label(&self) -> &'static str {
        match self {
            Self::Waiting(_) => "Waiting for an answer",
            Self::Acknowledged(_) => "Acknowledged",
            Self::Accepted(_) => "Accepted",
            Self::Rejected(_) => "Rejected",
            Self::Expired(_) => "Expired",
            Self::Won(_) => "Won",
            Self::Lost(_) => "Lost",
        }
    }

    /// The badge's colour class.
    fn tone(&self) -> &'static str {
        match self {
            Self::Waiting(_) => "wait",
            Self::Acknowledged(_) | Self::Accepted(_) | Self::Won(_) => "good",
            Self::Rejected(_) | Self::Expired(_) | Self::Lost(_) => "past",
        }
    }

    fn since(&self) -> Option<&str> {
        match self {
            Self::Waiting(_) => None,
            Self::Acknowledged(at)
            | Self::Accepted(at)
            | Self::Rejected(at)
            | Self::Expired(at)
            | Self::Won(at)
            | Self::Lost(at) => Some(at),
        }
    }
}

/// How a lead stands.
#[derive(Template)]
#[template(path = "pages/status.html")]
pub struct StatusPage<'a> {
    /// The tenant's name.
    pub network: &'a str,
    /// The dealer whose copy it is.
    pub dealer: &'a str,
    /// The request, without contact data.
    pub summary: SummaryWords<'a>,
    /// From the customer to the dealer.
    pub distance: Option<String>,
    /// How it stands.
    pub state: StatusState,
}

impl StatusPage<'_> {
    fn deadline(&self) -> Option<&Deadline> {
        match &self.state {
            StatusState::Waiting(deadline) => deadline.as_ref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::*;
    use crate::http::pages::samples;

    // ACK-3
    #[test]
    fn a_watcher_sees_how_the_lead_stands_and_can_do_nothing() {
        let at = || "Sat 21 Nov 2026, 15:00 EST".to_owned();
        for state in [
            StatusState::Waiting(None),
            StatusState::Waiting(Some(samples::deadline())),
            StatusState::Acknowledged(at()),
            StatusState::Accepted(at()),
            StatusState::Rejected(at()),
            StatusState::Expired(at()),
            StatusState::Won(at()),
            StatusState::Lost(at()),
        ] {
            let (label, since) = (state.label(), state.since().map(str::to_owned));
            let page = samples::status(state).render().unwrap();
            assert!(page.contains(label) && since.is_none_or(|since| page.contains(&since)), "{page}");
            assert!(!page.contains("<form") && !page.contains("<button"), "{page}");
            for secret in samples::CONTACT_DATA {
                assert!(!page.contains(secret), "{secret}");
            }
            samples::is_sound(&page);
        }
    }
}
