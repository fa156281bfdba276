//! What a recipient answers: acknowledge, accept, reject, won, lost; by link, page, mutation or a partner's machine.

use crate::domain::event::EventKind;
use crate::domain::lead::{Lead, LeadState};
use crate::domain::request::Request;
use crate::domain::{Invalid, InvalidCode};

use super::handover::{Desk, Tell};
use super::held::Held;

/// What is shown for a copy that was taken away (SPEC ACK-4).
pub const EXPIRED_TEXT: &str = "This lead has expired and is no longer available";
/// Why a blast's other copies go.
const TAKEN_REASON: &str = "acknowledged by another recipient";

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// "I have it": shows the contact data, fixes the response time, stops the clock.
    Acknowledge,
    /// "I will work on it."
    Accept,
    /// "Give it to somebody else": the lead moves on at once.
    Reject {
        /// Why.
        reason: String,
    },
    /// Sold.
    Win {
        /// How it came, if told.
        reason: Option<String>,
    },
    /// No sale.
    Lose {
        /// Why.
        reason: String,
    },
}

impl Answer {
    /// The answer with its reason as stored, or what is wrong with it.
    pub fn checked(self) -> Result<Self, Invalid> {
        use crate::domain::error::{optional_text, text};
        Ok(match self {
            Self::Reject { reason } => Self::Reject { reason: text("reason", &reason, 500)? },
            Self::Lose { reason } => Self::Lose { reason: text("reason", &reason, 500)? },
            Self::Win { reason } => Self::Win { reason: optional_text("reason", reason.as_deref(), 500)? },
            other => other,
        })
    }
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It changed the copy.
    Changed,
    /// It was so already.
    AsBefore,
}

/// Applies an answer to a held copy. The changed copy goes to the desk; a rejected one is the caller's to hand on.
pub fn apply(
    desk: &mut Desk<'_>,
    (held, request): (&Held, &Request),
    copy: &mut Lead,
    answer: &Answer,
    who: &str,
) -> Result<Answered, Invalid> {
    use LeadState::{Accepted, Acknowledged, Lost, Offered, Rejected, Won};
    if let Some(gone) = gone(copy) {
        return Err(gone);
    }
    let before = copy.state;
    let at = desk.at();
    match (answer, before) {
        (Answer::Acknowledge, Acknowledged | Accepted | Won | Lost)
        | (Answer::Accept, Accepted)
        | (Answer::Win { .. }, Won)
        | (Answer::Lose { .. }, Lost) => return Ok(Answered::AsBefore),
        (Answer::Acknowledge, Offered) => acknowledge(desk, (held, request), copy, who),
        (Answer::Accept, Offered | Acknowledged) => {
            acknowledge(desk, (held, request), copy, who);
            copy.state = Accepted;
            copy.times.accepted_at = Some(at);
            desk.event(EventKind::LeadAccepted, copy, None, None, None);
        }
        (Answer::Reject { reason }, Offered | Acknowledged | Accepted) => {
            desk.give_turn_back(copy);
            copy.state = Rejected;
            copy.times.rejected_at = Some(at);
            copy.state_reason = Some(reason.clone());
            desk.event(EventKind::LeadRejected, copy, Some(state(before)), Some(state(Rejected)), Some(reason.clone()));
        }
        (Answer::Win { reason }, Offered | Acknowledged | Accepted) => {
            acknowledge(desk, (held, request), copy, who);
            close(desk, copy, Won, EventKind::LeadWon, reason.clone());
        }
        (Answer::Lose { reason }, Offered | Acknowledged | Accepted) => {
            acknowledge(desk, (held, request), copy, who);
            close(desk, copy, Lost, EventKind::LeadLost, Some(reason.clone()));
        }
        (_, state) => {
            let message = format!("the lead is {}, this is not possible any more", state.as_str().to_lowercase());
            return Err(Invalid::new("", InvalidCode::WrongState, message));
        }
    }
    copy.due_at = None;
    copy.warn_at = None;
    copy.times.updated_at = at;
    Ok(Answered::Changed)
}

/// Why nothing can be answered to a copy that is not the recipient's any more.
pub fn gone(copy: &Lead) -> Option<Invalid> {
    let message = match copy.state {
        LeadState::Expired | LeadState::Rejected => EXPIRED_TEXT.to_owned(),
        LeadState::Deleted => {
            format!("the lead was deleted: {}", copy.state_reason.as_deref().unwrap_or("no reason was given"))
        }
        LeadState::Unassigned => "nobody has the lead yet, hand it to somebody first".to_owned(),
        _ => return None,
    };
    Some(Invalid::new("", InvalidCode::WrongState, message))
}

/// Fixes the response time, and takes the lead from all others who had it at the same time.
fn acknowledge(desk: &mut Desk<'_>, (held, request): (&Held, &Request), copy: &mut Lead, who: &str) {
    if copy.times.acknowledged_at.is_some() {
        return;
    }
    let at = desk.at();
    copy.state = LeadState::Acknowledged;
    copy.times.acknowledged_at = Some(at);
    copy.acknowledged_by = Some(who.to_owned());
    copy.exception = None;
    let seconds = copy.times.offered_at.map(|offered| at.since(offered).as_secs_f64());
    let after = serde_json::json!({ "state": copy.state, "by": who, "responseSeconds": seconds });
    desk.event(EventKind::LeadAcknowledged, copy, Some(state(LeadState::Offered)), Some(after), None);
    for other in held.waiting_beside(copy) {
        desk.take_away(other, request, TAKEN_REASON, false, Tell::Loser);
    }
}

fn close(desk: &mut Desk<'_>, copy: &mut Lead, to: LeadState, kind: EventKind, reason: Option<String>) {
    let before = Some(state(copy.state));
    copy.state = to;
    copy.times.closed_at = Some(desk.at());
    copy.state_reason.clone_from(&reason);
    desk.event(kind, copy, before, Some(state(to)), reason);
}

fn state(state: LeadState) -> serde_json::Value {
    serde_json::json!({ "state": state })
}
