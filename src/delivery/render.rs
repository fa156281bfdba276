//! A message in words: subject, plain text and HTML, from the templates in `templates/mail`.
//!
//! All wording is in the templates. No part of a mail names anything remote: no image, no font, no style sheet, so opening
//! it tells nobody anything, and the only addresses in it are the offers' own links and the server's own.

use std::fmt;

use askama::Template;

use super::error::DeliveryError;
use super::wording::{self, Deadline, SummaryWords};
use crate::domain::Timestamp;
use crate::domain::dealer::ContactKind;
use crate::domain::id::TenantId;
use crate::domain::link::LinkKey;
use crate::domain::message::{
    About, DigestLead, DigestMail, Distance, FreshLinkMail, LinkOf, LossMail, ManagerMail, Message, OfferMail,
    StatusMail, TakenMail, WarningMail,
};

/// The path, below the server's own address, that a link's token follows.
pub const LINK_PATH: &str = "/l/";

/// Lists show about this much of a subject.
const SUBJECT_CHARS_MAX: usize = 120;

/// Makes the addresses of links.
#[derive(Clone)]
pub struct Links {
    base_url: String,
    key: LinkKey,
}

impl Links {
    /// `base_url` is where recipients reach this server: `https://leads.example.com`.
    pub fn new(base_url: &str, key: LinkKey) -> Self {
        Self { base_url: base_url.trim_end_matches('/').to_owned(), key }
    }

    /// The whole address. It is a secret: whoever has it may acknowledge.
    pub fn address(&self, tenant: TenantId, link: LinkOf) -> String {
        format!("{}{LINK_PATH}{}", self.base_url, self.key.issue(tenant, link.offer, link.generation))
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// What a reader gets.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part, a whole document; empty for a mail that is plain text alone.
    pub html: String,
}

impl Rendered {
    /// A mail for a machine: one part of plain text.
    pub fn plain(subject: String, text: String) -> Self {
        Self { subject, text, html: String::new() }
    }
}

impl fmt::Debug for Rendered {
    /// Without the bodies: they carry links.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Writes a message out. The same arguments give the same words, so a retried mail reads like the first.
pub fn render(message: &Message, tenant: TenantId, links: &Links) -> Result<Rendered, DeliveryError> {
    let address = |link| links.address(tenant, link);
    match message {
        Message::Offer(mail) => {
            let words = Words::new(&mail.about, address(mail.link));
            let words = words.until(mail.offered_at, mail.expires_at).far(mail.distance);
            write(&OfferText { mail, words: &words }, |subject| OfferHtml { mail, words: &words, subject })
        }
        Message::Status(mail) => {
            let words = Words::new(&mail.about, address(mail.link)).until(mail.offered_at, mail.expires_at);
            write(&StatusText { mail, words: &words }, |subject| StatusHtml { mail, words: &words, subject })
        }
        Message::Loss(mail) => {
            let words = Words::without_link(&mail.about).between(mail.offered_at, mail.lost_at);
            write(&LossText { mail, words: &words }, |subject| LossHtml { mail, words: &words, subject })
        }
        Message::Warning(mail) => {
            let words = Words::new(&mail.about, address(mail.link)).until(mail.warned_at, Some(mail.expires_at));
            write(&WarningText { mail, words: &words }, |subject| WarningHtml { mail, words: &words, subject })
        }
        Message::Manager(mail) => {
            let words = Words::without_link(&mail.about).between(mail.moved_at, mail.moved_at).far(mail.distance);
            write(&ManagerText { mail, words: &words }, |subject| ManagerHtml { mail, words: &words, subject })
        }
        Message::FreshLink(mail) => {
            let words = Words::new(&mail.about, address(mail.link)).until(mail.asked_at, mail.expires_at);
            write(&FreshLinkText { mail, words: &words }, |subject| FreshLinkHtml { mail, words: &words, subject })
        }
        Message::Taken(mail) => {
            let words = Words::without_link(&mail.about).between(mail.offered_at, mail.taken_at);
            write(&TakenText { mail, words: &words }, |subject| TakenHtml { mail, words: &words, subject })
        }
        Message::Digest(mail) => {
            let words = DigestWords::new(mail, address);
            write(&DigestText { mail, words: &words }, |subject| DigestHtml { mail, words: &words, subject })
        }
        Message::Crm(_) => Err(DeliveryError::NoMail),
    }
}

/// What templates show that is not a plain field of the message.
struct Words<'a> {
    summary: SummaryWords<'a>,
    /// Empty in mails without a link.
    link: String,
    distance: Option<String>,
    deadline: Option<Deadline>,
    /// When it began and when it happened, for mails about something past.
    began: String,
    happened: String,
    about: &'a About,
}

impl<'a> Words<'a> {
    fn new(about: &'a About, link: String) -> Self {
        let summary = SummaryWords::new(&about.summary, about.zone);
        Self { summary, link, distance: None, deadline: None, began: String::new(), happened: String::new(), about }
    }

    fn without_link(about: &'a About) -> Self {
        Self::new(about, String::new())
    }

    /// A deadline as it stood when the mail was written: a mail that is read late must not promise more time.
    fn until(mut self, from: Timestamp, expires_at: Option<Timestamp>) -> Self {
        self.began = wording::moment(from, self.about.zone);
        self.deadline = expires_at.map(|at| Deadline::new(from, at, self.about.zone));
        self
    }

    fn between(mut self, began_at: Timestamp, happened_at: Timestamp) -> Self {
        self.began = wording::moment(began_at, self.about.zone);
        self.happened = wording::moment(happened_at, self.about.zone);
        self
    }

    fn far(mut self, distance: Option<Distance>) -> Self {
        self.distance = distance.map(wording::distance);
        self
    }
}

/// What the templates of a digest show that is not a plain field of the message.
struct DigestWords<'a> {
    /// As other mails name what they are about.
    about: &'a DigestMail,
    leads: Vec<DigestLeadWords<'a>>,
    /// `12 new leads`.
    total: String,
    /// Whether the links acknowledge.
    acknowledges: bool,
    /// `3 more leads`, if there was no room for all.
    more: Option<String>,
}

struct DigestLeadWords<'a> {
    /// From 1.
    number: usize,
    summary: SummaryWords<'a>,
    link: String,
    deadline: Option<Deadline>,
}

impl<'a> DigestWords<'a> {
    fn new(mail: &'a DigestMail, address: impl Fn(LinkOf) -> String) -> Self {
        let lead = |(index, lead): (usize, &'a DigestLead)| DigestLeadWords {
            number: index + 1,
            summary: SummaryWords::new(&lead.summary, mail.zone),
            link: address(lead.link),
            deadline: lead.expires_at.map(|at| Deadline::new(mail.written_at, at, mail.zone)),
        };
        let more = u64::from(mail.more);
        Self {
            about: mail,
            leads: mail.leads.iter().enumerate().map(lead).collect(),
            total: wording::counted(mail.leads.len() as u64, "new lead"),
            acknowledges: mail.kind == ContactKind::To,
            more: (more > 0).then(|| wording::counted(more, "more lead")),
        }
    }
}

/// The first line of every text template is the subject, so that one file holds all that one reader sees first.
fn write<Html: Template>(text: &impl Template, html: impl FnOnce(String) -> Html) -> Result<Rendered, DeliveryError> {
    let text = text.render()?;
    let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
    let subject = subject_of(subject);
    let html = html(subject.clone()).render()?;
    Ok(Rendered { subject, text: format!("{}\n", text.trim()), html })
}

fn subject_of(line: &str) -> String {
    let line = line.trim();
    match line.char_indices().nth(SUBJECT_CHARS_MAX) {
        None => line.to_owned(),
        Some(_) => line.chars().take(SUBJECT_CHARS_MAX - 1).chain(['…']).collect(),
    }
}

macro_rules! templates {
    ($($mail:ident, $words:ident: $text:ident = $text_path:tt, $html:ident = $html_path:tt;)*) => {$(
        #[derive(Template)]
        #[template(path = $text_path)]
        struct $text<'a> {
            mail: &'a $mail,
            words: &'a $words<'a>,
        }

        #[derive(Template)]
        #[template(path = $html_path)]
        struct $html<'a> {
            mail: &'a $mail,
            words: &'a $words<'a>,
            subject: String,
        }
    )*};
}

templates! {
    OfferMail, Words: OfferText = "mail/offer.txt", OfferHtml = "mail/offer.html";
    StatusMail, Words: StatusText = "mail/status.txt", StatusHtml = "mail/status.html";
    LossMail, Words: LossText = "mail/loss.txt", LossHtml = "mail/loss.html";
    WarningMail, Words: WarningText = "mail/warning.txt", WarningHtml = "mail/warning.html";
    ManagerMail, Words: ManagerText = "mail/manager.txt", ManagerHtml = "mail/manager.html";
    FreshLinkMail, Words: FreshLinkText = "mail/fresh_link.txt", FreshLinkHtml = "mail/fresh_link.html";
    TakenMail, Words: TakenText = "mail/taken.txt", TakenHtml = "mail/taken.html";
    DigestMail, DigestWords: DigestText = "mail/digest.txt", DigestHtml = "mail/digest.html";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples;
    use crate::domain::message::Line;

    // ACK-1
    #[test]
    fn an_offer_says_what_it_is_about_and_carries_its_link_once_per_part() {
        let mail = Message::Offer(samples::offer());
        let rendered = samples::rendered(&mail);
        let link = samples::links().address(samples::tenant(), samples::offer().link);
        assert!(link.starts_with("https://leads.example.com/l/"), "{link}");
        assert_eq!(rendered.subject, "New lead: Aurora Comet 5, answer within 4 hours");
        for part in [&rendered.text, &rendered.html] {
            for words in [
                "Harbor Auto",
                "Ann Lee",
                "Aurora Comet 5",
                "Test drive",
                "Boston 021…, US",
                "Configurator",
                "Sat 21 Nov 2026, 14:05 EST",
                "Sat 21 Nov 2026, 18:05 EST",
                "4 hours",
                "8.4 mi",
                "Gold dealer within 100 mi with the best rating",
                link.as_str(),
            ] {
                assert!(part.contains(words), "{words} is missing in\n{part}");
            }
        }
        assert_eq!(rendered.text.matches(&link).count(), 1);
        reads_well(&rendered.text);
    }

    /// The text part as a person reads it: no template leaves holes, trailing blanks or three line breaks in a row.
    fn reads_well(text: &str) {
        assert!(!text.contains("\n\n\n") && text.lines().all(|line| line.trim_end() == line), "{text}");
    }

    // ACK-1: by construction there is no field for contact data; the only way in would be the postal code.
    #[test]
    fn no_mail_shows_more_of_a_postal_code_than_its_area() {
        for message in samples::all() {
            let rendered = samples::rendered(&message);
            assert!(!rendered.text.contains("02138") && !rendered.html.contains("02138"), "{}", message.template());
        }
    }

    #[test]
    fn every_template_reads_well_in_both_parts_and_loads_nothing_remote() {
        for message in samples::all() {
            let rendered = samples::rendered(&message);
            assert!(!rendered.subject.is_empty(), "{}", message.template());
            reads_well(&rendered.text);
            assert_eq!(rendered.html.matches("<html").count(), 1);
            let links = rendered.html.matches("https://leads.example.com/l/").count();
            assert_eq!(links, links_of(&message), "{}", rendered.html);
            assert_eq!(rendered.html.matches("://").count(), links, "{}", rendered.html);
            for remote in ["<img", "<link", "<script", "url(", "@import", "src="] {
                assert!(!rendered.html.contains(remote), "{remote} in {}", message.template());
            }
            assert_eq!(links > 0, rendered.text.contains("https://leads.example.com/l/"));
        }
    }

    /// In the HTML part: a button's address stands below it once more, that of a line in a list does not.
    fn links_of(message: &Message) -> usize {
        match message {
            Message::Offer(_) | Message::Status(_) | Message::Warning(_) | Message::FreshLink(_) => 2,
            Message::Loss(_) | Message::Manager(_) | Message::Taken(_) | Message::Crm(_) => 0,
            Message::Digest(mail) => mail.leads.len(),
        }
    }

    // BULK-5, ACK-1, ACK-3
    #[test]
    fn a_digest_says_how_many_leads_there_are_and_carries_a_link_for_each_that_it_shows() {
        let mail = samples::digest();
        let rendered = samples::rendered(&Message::Digest(mail.clone()));
        assert_eq!(rendered.subject, "2 new leads for Harbor Auto");
        for part in [&rendered.text, &rendered.html] {
            for lead in &mail.leads {
                let link = samples::links().address(samples::tenant(), lead.link);
                assert_eq!(part.matches(&link).count(), 1, "{part}");
            }
            for words in ["Ann Lee", "Aurora Comet 5", "Boston 021…, US", "12 more leads", "Sat 21 Nov 2026, 18:05 EST"]
            {
                assert!(part.contains(words), "{words} is missing in\n{part}");
            }
        }
        let copied = DigestMail { kind: ContactKind::Cc, more: 0, ..mail };
        let rendered = samples::rendered(&Message::Digest(copied));
        assert_eq!(rendered.subject, "Offered to your colleagues: 2 new leads");
        assert!(rendered.text.contains("for your information") && !rendered.text.contains("button"));
        assert!(!rendered.text.contains("more lead"), "{}", rendered.text);
    }

    #[test]
    fn a_name_can_add_neither_markup_nor_lines() {
        let mut mail = samples::offer();
        mail.about.dealer = Line::new("<script>alert('x')</script>\r\nBcc: all@example.com\r\n\r\n\"&");
        mail.about.summary.brand = Some(Line::new("A\r\nSubject: won\n\nB<b>"));
        let rendered = samples::rendered(&Message::Offer(mail));
        assert!(rendered.subject.starts_with("New lead: A Subject: won B<b> Comet 5"), "{}", rendered.subject);
        assert!(!rendered.subject.contains(['\r', '\n']));
        assert!(!rendered.html.contains("<script") && !rendered.html.contains("<b>"), "{}", rendered.html);
        assert!(rendered.html.contains("&#60;script&#62;"));
        assert!(!rendered.text.lines().any(|line| line.starts_with("Bcc:") || line.starts_with("Subject:")));
    }

    #[test]
    fn a_long_subject_is_cut() {
        let mut mail = samples::offer();
        mail.about.summary.product = Some(Line::new(&"long ".repeat(100)));
        let subject = samples::rendered(&Message::Offer(mail)).subject;
        assert_eq!(subject.chars().count(), SUBJECT_CHARS_MAX);
        assert!(subject.ends_with('…'));
    }

    #[test]
    fn an_offer_of_which_little_is_known_shows_no_empty_lines() {
        let mut mail = samples::offer();
        mail.about.recipient = None;
        mail.expires_at = None;
        mail.distance = None;
        mail.reason = "Default dealer".into();
        let summary = &mut mail.about.summary;
        (summary.brand, summary.product, summary.interest) = (None, None, None);
        (summary.city, summary.postal_area, summary.country, summary.source) = (None, None, None, None);
        let rendered = samples::rendered(&Message::Offer(mail));
        assert_eq!(rendered.subject, "New lead: Request of Sat 21 Nov 2026, 14:05 EST");
        reads_well(&rendered.text);
        for absent in ["None", "Distance", "Where from", "Interest", "within"] {
            assert!(!rendered.text.contains(absent) && !rendered.html.contains(absent), "{absent}: {}", rendered.text);
        }
    }

    #[test]
    fn no_secret_is_printed_by_debug() {
        let rendered = samples::rendered(&Message::Offer(samples::offer()));
        let shown = format!("{rendered:?} {:?}", samples::links());
        assert!(!shown.contains("/l/") && shown.contains("New lead"), "{shown}");
    }
}
