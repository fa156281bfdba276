//! Pages that say one thing: expired, deleted, mailed anew, done, not found, fault.
//!
//! None of them shows a lead's contents or takes an answer.

use askama::Template;

/// The lead was taken away, or a blast's other dealer was quicker (ACK-4).
#[derive(Template)]
#[template(path = "pages/expired.html")]
pub struct ExpiredPage<'a> {
    /// The tenant's name.
    pub network: &'a str,
    /// What the tenant tells dealers who come too late.
    pub back_text: Option<&'a str>,
}

/// The lead was deleted (ACK-4).
#[derive(Template)]
#[template(path = "pages/deleted.html")]
pub struct DeletedPage<'a> {
    /// The tenant's name.
    pub network: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// The link was too old and a fresh one is on its way (ACK-5).
#[derive(Template)]
#[template(path = "pages/fresh_link.html")]
pub struct FreshLinkPage<'a> {
    /// The tenant's name.
    pub network: &'a str,
    /// The address it goes to; shown masked, for the old link may have been passed on.
    pub to: &'a str,
}

impl FreshLinkPage<'_> {
    fn masked(&self) -> String {
        masked(self.to)
    }
}

/// The link was too old, and the fresh one was mailed before (ACK-5: once).
#[derive(Template)]
#[template(path = "pages/already_mailed.html")]
pub struct AlreadyMailedPage<'a> {
    /// The tenant's name.
    pub network: &'a str,
    /// The address it went to; shown masked.
    pub to: &'a str,
    /// When, in the reader's zone.
    pub mailed: String,
}

impl AlreadyMailedPage<'_> {
    fn masked(&self) -> String {
        masked(self.to)
    }
}

/// What was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// Rejected: it moves on at once.
    Rejected,
    /// Won.
    Won,
    /// Lost.
    Lost,
}

/// The answer to a report (ACK-6).
#[derive(Template)]
#[template(path = "pages/done.html")]
pub struct DonePage<'a> {
    /// The tenant's name.
    pub network: &'a str,
    /// What was reported.
    pub reported: Reported,
    /// What the lead is about.
    pub title: &'a str,
    /// The link's own path; not shown after a rejection, which ends the lead's stay.
    pub link: &'a str,
}

/// No lead of ours is behind this address.
#[derive(Template)]
#[template(path = "pages/not_found.html")]
pub struct NotFoundPage;

/// Something failed on our side.
#[derive(Template)]
#[template(path = "pages/fault.html")]
pub struct FaultPage<'a> {
    /// By which the fault can be found in the logs.
    pub request_id: &'a str,
}

/// `a•••@example.org`: enough for its owner to know it.
fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((name, domain)) => format!("{}•••@{domain}", name.chars().take(1).collect::<String>()),
        None => "•••".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::*;
    use crate::http::pages::samples;

    // ACK-4
    #[test]
    fn a_lead_taken_away_says_so_in_these_words() {
        let page = ExpiredPage { network: "Aurora Motors", back_text: Some("Call <us> & ask") }.render().unwrap();
        assert!(page.contains("This lead has expired and is no longer available"));
        assert!(page.contains("Call &#60;us&#62; &#38; ask"), "{page}");
        samples::is_sound(&page);
        samples::is_sound(&ExpiredPage { network: "Aurora Motors", back_text: None }.render().unwrap());
    }

    // ACK-4
    #[test]
    fn a_deleted_lead_shows_its_reason() {
        let page = DeletedPage { network: "Aurora Motors", reason: "Asked for by the customer" }.render().unwrap();
        assert!(page.contains("Asked for by the customer"));
        samples::is_sound(&page);
    }

    // ACK-5
    #[test]
    fn a_fresh_link_is_announced_without_the_whole_address() {
        let to = "ann@example.org";
        let fresh = FreshLinkPage { network: "Aurora Motors", to }.render().unwrap();
        let mailed = "Sat 21 Nov 2026, 15:00 EST".to_owned();
        let again = AlreadyMailedPage { network: "Aurora Motors", to, mailed: mailed.clone() }.render().unwrap();
        assert!(again.contains(&mailed));
        for page in [fresh, again] {
            assert!(page.contains("a•••@example.org") && !page.contains(to), "{page}");
            samples::is_sound(&page);
        }
        assert_eq!(masked("no address"), "•••");
    }

    // ACK-6
    #[test]
    fn each_report_is_confirmed_and_only_a_rejection_has_no_way_back() {
        for reported in [Reported::Rejected, Reported::Won, Reported::Lost] {
            let page = DonePage { network: "Aurora Motors", reported, title: "Aurora Comet 5", link: "/l/token" };
            let page = page.render().unwrap();
            assert!(page.contains("Aurora Comet 5"));
            assert_eq!(page.contains(r#"href="/l/token""#), reported != Reported::Rejected);
            samples::is_sound(&page);
        }
    }

    #[test]
    fn a_fault_shows_its_request_id_and_nothing_else() {
        let page = FaultPage { request_id: "01J9Z" }.render().unwrap();
        assert!(page.contains("01J9Z"));
        samples::is_sound(&page);
        samples::is_sound(&NotFoundPage.render().unwrap());
    }
}
