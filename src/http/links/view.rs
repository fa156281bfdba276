//! From what the holder of a link sees to the page that shows it.
//!
//! Contact data reaches one page only, and only if the action says that it may be shown (ACK-1).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::form::{LOST_REASONS, REJECT_REASONS};
use crate::actions::answer::Answer;
use crate::actions::handover::about;
use crate::actions::links::{Seen, SeenLead};
use crate::delivery::LINK_PATH;
use crate::delivery::wording::{self, Deadline, SummaryWords};
use crate::domain::Timestamp;
use crate::domain::dealer::ContactKind;
use crate::domain::lead::LeadState;
use crate::domain::message::{Distance, LeadSummary};
use crate::http::pages::{
    AcknowledgedPage, AlreadyMailedPage, CustomerContact, DeletedPage, DonePage, ExpiredPage, FreshLinkPage,
    NotFoundPage, OfferPage, Phone, Reported, Standing, StatusPage, StatusState,
};
use crate::http::sheet::Sheet;

/// Shows what is seen through one link.
pub(super) struct View<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) token: &'a str,
    pub(super) now: Timestamp,
    /// What was wrong with the form sent before.
    pub(super) problem: Option<&'a str>,
}

/// The link's own path.
pub(super) fn path(token: &str) -> String {
    format!("{LINK_PATH}{token}")
}

/// What the page of thanks thanks for; acknowledging and accepting show the lead instead.
pub(super) fn reported(answer: &Answer) -> Option<Reported> {
    match answer {
        Answer::Acknowledge | Answer::Accept => None,
        Answer::Reject { .. } => Some(Reported::Rejected),
        Answer::Win { .. } => Some(Reported::Won),
        Answer::Lose { .. } => Some(Reported::Lost),
    }
}

/// Thanks for a report.
pub(super) fn thanks(sheet: &Sheet, token: &str, reported: Reported, seen: &SeenLead) -> HttpResponse {
    let summary = summary(seen);
    let title = SummaryWords::new(&summary, seen.person.zone).title;
    let page = DonePage { network: &seen.tenant.name, reported, title: &title, link: &path(token) };
    sheet.page(StatusCode::OK, &page)
}

impl View<'_> {
    pub(super) fn show(&self, seen: &Seen) -> HttpResponse {
        match seen {
            Seen::NotFound => self.sheet.page(StatusCode::NOT_FOUND, &NotFoundPage),
            Seen::Renewed { tenant, address } => {
                self.sheet.page(StatusCode::OK, &FreshLinkPage { network: &tenant.name, to: address })
            }
            Seen::AlreadyRenewed { tenant, person, at } => {
                let mailed = wording::moment(*at, person.zone);
                let page = AlreadyMailedPage { network: &tenant.name, to: &person.email, mailed };
                self.sheet.page(StatusCode::OK, &page)
            }
            Seen::Lead(seen) => self.lead(seen),
        }
    }

    fn lead(&self, seen: &SeenLead) -> HttpResponse {
        let (network, state) = (&seen.tenant.name, seen.lead.state);
        if state == LeadState::Deleted {
            let reason = seen.lead.state_reason.as_deref().unwrap_or("No reason was given");
            return self.sheet.page(StatusCode::GONE, &DeletedPage { network, reason });
        }
        if seen.offer.kind == ContactKind::Cc {
            return self.status(seen);
        }
        match standing(state) {
            Some(standing) if seen.shows_contact_data() => self.acknowledged(seen, standing),
            None if state == LeadState::Offered => self.offer(seen),
            _ => self.sheet.page(StatusCode::GONE, &ExpiredPage { network, back_text: None }),
        }
    }

    fn offer(&self, seen: &SeenLead) -> HttpResponse {
        let summary = summary(seen);
        let page = OfferPage {
            network: &seen.tenant.name,
            dealer: &seen.recipient,
            summary: SummaryWords::new(&summary, seen.person.zone),
            distance: distance(seen),
            reason: &seen.reason,
            round: u32::try_from(seen.lead.round.saturating_add(1)).unwrap_or(u32::MAX),
            deadline: self.deadline(seen),
            link: &path(self.token),
            reject_reasons: REJECT_REASONS,
            problem: self.problem,
        };
        self.sheet.page(self.usual_status(), &page)
    }

    fn acknowledged(&self, seen: &SeenLead, standing: Standing) -> HttpResponse {
        let (summary, request) = (summary(seen), &seen.request);
        let name = match request.person.name() {
            name if name.is_empty() => "No name given".to_owned(),
            name => name,
        };
        let town = town(seen);
        let address = [request.address.street.as_deref(), town.as_deref()].into_iter().flatten().collect();
        let phone = request.person.phone.as_deref().map(|number| Phone { label: "Phone", number });
        let at = seen.lead.times.acknowledged_at.unwrap_or(self.now);
        let page = AcknowledgedPage {
            network: &seen.tenant.name,
            dealer: &seen.recipient,
            summary: SummaryWords::new(&summary, seen.person.zone),
            distance: distance(seen),
            contact: CustomerContact {
                name: &name,
                phones: phone.into_iter().collect(),
                email: request.person.email.as_deref(),
                address,
                preference: None,
                comment: request.comments.as_deref(),
            },
            alert: seen.lead.labels.alert.as_deref(),
            acknowledged: wording::moment(at, seen.person.zone),
            acknowledged_by: seen.lead.acknowledged_by.as_deref(),
            standing,
            link: &path(self.token),
            reject_reasons: REJECT_REASONS,
            lost_reasons: LOST_REASONS,
            problem: self.problem,
        };
        self.sheet.page(self.usual_status(), &page)
    }

    fn status(&self, seen: &SeenLead) -> HttpResponse {
        let summary = summary(seen);
        let times = &seen.lead.times;
        let at = |moment: Option<Timestamp>| wording::moment(moment.unwrap_or(times.updated_at), seen.person.zone);
        let state = match seen.lead.state {
            LeadState::Acknowledged => StatusState::Acknowledged(at(times.acknowledged_at)),
            LeadState::Accepted => StatusState::Accepted(at(times.accepted_at)),
            LeadState::Rejected => StatusState::Rejected(at(times.rejected_at)),
            LeadState::Won => StatusState::Won(at(times.closed_at)),
            LeadState::Lost => StatusState::Lost(at(times.closed_at)),
            LeadState::Expired | LeadState::Deleted => StatusState::Expired(at(times.expired_at)),
            LeadState::Offered | LeadState::Unassigned => StatusState::Waiting(self.deadline(seen)),
        };
        let page = StatusPage {
            network: &seen.tenant.name,
            dealer: &seen.recipient,
            summary: SummaryWords::new(&summary, seen.person.zone),
            distance: distance(seen),
            state,
        };
        self.sheet.page(StatusCode::OK, &page)
    }

    fn deadline(&self, seen: &SeenLead) -> Option<Deadline> {
        seen.lead.due_at.map(|until| Deadline::new(self.now, until, seen.person.zone))
    }

    fn usual_status(&self) -> StatusCode {
        if self.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

fn standing(state: LeadState) -> Option<Standing> {
    match state {
        LeadState::Acknowledged => Some(Standing::Acknowledged),
        LeadState::Accepted => Some(Standing::Accepted),
        LeadState::Won => Some(Standing::Won),
        LeadState::Lost => Some(Standing::Lost),
        _ => None,
    }
}

/// The same words as in the mail, made by the same type: it has no place for contact data.
fn summary(seen: &SeenLead) -> LeadSummary {
    about(&seen.tenant, &seen.recipient, &seen.person, seen.lead.id, &seen.request).summary
}

fn distance(seen: &SeenLead) -> Option<String> {
    seen.distance_km.map(|km| wording::distance(Distance { km, unit: seen.tenant.distance_unit }))
}

/// `Boston, MA 02138`
fn town(seen: &SeenLead) -> Option<String> {
    let address = &seen.request.address;
    let code = address.postal_code.as_ref().map(|code| code.as_str());
    let region = [address.region.as_deref(), code].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let parts: Vec<&str> = [address.city.as_deref(), Some(region.as_str())]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
