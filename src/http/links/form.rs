//! What the forms of a link's pages send, and the reasons that they offer.

use serde::Deserialize;

use crate::actions::answer::Answer;
use crate::http::pages::Choice;

/// Choosing this one needs words.
const OTHER: &str = "other";

/// Why one may reject.
pub(super) const REJECT_REASONS: &[Choice<'static>] = &[
    Choice { code: "too_far", label: "Too far away" },
    Choice { code: "no_capacity", label: "No capacity right now" },
    Choice { code: "not_ours", label: "We do not sell this" },
    Choice { code: "known_customer", label: "Already the customer of a colleague" },
    Choice { code: OTHER, label: "Another reason" },
];

/// Why a lead may be lost.
pub(super) const LOST_REASONS: &[Choice<'static>] = &[
    Choice { code: "unreachable", label: "Could not be reached" },
    Choice { code: "bought_elsewhere", label: "Bought elsewhere" },
    Choice { code: "no_interest", label: "No longer interested" },
    Choice { code: "no_agreement", label: "No agreement on price or terms" },
    Choice { code: "not_serious", label: "Not a real request" },
    Choice { code: OTHER, label: "Another reason" },
];

/// The fields of a form.
#[derive(Default, Deserialize)]
pub(super) struct Reply {
    reason: Option<String>,
    text: Option<String>,
}

/// What a form says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// An answer to the lead.
    Answer(Answer),
    /// Something is missing; in words for the page.
    Problem(String),
    /// There is no such form.
    Unknown,
}

impl Reply {
    /// Reads the form that was posted to `/l/<token>/<name>`.
    pub(super) fn read(self, name: &str) -> Said {
        match name {
            "acknowledge" => Said::Answer(Answer::Acknowledge),
            "accept" => Said::Answer(Answer::Accept),
            "won" => Said::Answer(Answer::Win { reason: self.text() }),
            "reject" => self.reasoned(REJECT_REASONS, |reason| Answer::Reject { reason }),
            "lost" => self.reasoned(LOST_REASONS, |reason| Answer::Lose { reason }),
            _ => Said::Unknown,
        }
    }

    fn text(&self) -> Option<String> {
        self.text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn reasoned(&self, choices: &[Choice<'_>], answer: impl FnOnce(String) -> Answer) -> Said {
        let code = self.reason.as_deref().unwrap_or_default();
        let Some(choice) = choices.iter().find(|choice| choice.code == code) else {
            return Said::Problem("Please choose a reason.".to_owned());
        };
        match (choice.code, self.text()) {
            (OTHER, None) => Said::Problem("Please write the reason in a few words.".to_owned()),
            (OTHER, Some(text)) => Said::Answer(answer(text)),
            (_, None) => Said::Answer(answer(choice.label.to_owned())),
            (_, Some(text)) => Said::Answer(answer(format!("{}: {text}", choice.label))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, reason: &str, text: &str) -> Said {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Reply { reason: some(reason), text: some(text) }.read(name)
    }

    // ACK-6
    #[test]
    fn a_reason_is_the_chosen_one_with_what_was_written() {
        let reject = |reason: &str| Said::Answer(Answer::Reject { reason: reason.to_owned() });
        assert_eq!(read("reject", "too_far", ""), reject("Too far away"));
        assert_eq!(read("reject", "too_far", " 200 miles "), reject("Too far away: 200 miles"));
        assert_eq!(read("reject", "other", "we moved"), reject("we moved"));
        assert_eq!(read("won", "", " "), Said::Answer(Answer::Win { reason: None }));
    }

    // ACK-6
    #[test]
    fn a_missing_reason_is_asked_for() {
        for (name, reason) in [("reject", ""), ("lost", "too_far"), ("lost", "other")] {
            assert!(matches!(read(name, reason, ""), Said::Problem(_)), "{name} {reason}");
        }
        assert_eq!(read("delete", "", ""), Said::Unknown);
    }
}
