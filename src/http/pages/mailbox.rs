//! The demo's mailbox: the list at `/demo/mail`, and one mail at `/demo/mail/<delivery>`.
//!
//! For `demo` only: a mail shows the link that acknowledges its lead.

use askama::Template;
use chrono_tz::Tz;

use crate::delivery::{MailboxMail, wording};

/// What has arrived, newest first.
#[derive(Template)]
#[template(path = "pages/mailbox.html")]
pub struct MailboxPage<'a> {
    /// The mails.
    pub mails: &'a [MailboxMail],
    /// The zone in which to show times.
    pub zone: Tz,
}

impl MailboxPage<'_> {
    fn written(&self, mail: &MailboxMail) -> String {
        wording::moment(mail.written_at, self.zone)
    }
}

/// One mail, as its reader sees it. Send it with [`MAIL_POLICY`](super::MAIL_POLICY).
#[derive(Template)]
#[template(path = "pages/mail.html")]
pub struct MailPage<'a> {
    /// The mail.
    pub mail: &'a MailboxMail,
    /// The zone in which to show times.
    pub zone: Tz,
}

impl MailPage<'_> {
    fn written(&self) -> String {
        wording::moment(self.mail.written_at, self.zone)
    }

    /// The HTML part for the frame: its links open in a tab of their own.
    fn framed(&self) -> String {
        self.mail.html.replacen("<head>", "<head><base target=\"_blank\">", 1)
    }
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use crate::http::pages::samples;

    use super::*;

    #[test]
    fn the_mailbox_lists_mails_and_says_when_it_is_empty() {
        let mails = samples::mails();
        let page = MailboxPage { mails: &mails, zone: Tz::America__New_York }.render().unwrap();
        let address = format!(r#"href="/demo/mail/{}""#, mails[0].delivery);
        assert!(page.contains(&address) && page.contains(&mails[0].subject), "{page}");
        samples::is_sound(&page);
        let empty = MailboxPage { mails: &[], zone: Tz::UTC }.render().unwrap();
        assert!(empty.contains("No mail yet"));
        samples::is_sound(&empty);
    }

    #[test]
    fn a_mail_is_shown_in_a_frame_without_scripts() {
        let mails = samples::mails();
        let page = MailPage { mail: &mails[0], zone: Tz::America__New_York }.render().unwrap();
        assert!(page.contains(r#"sandbox="allow-popups allow-popups-to-escape-sandbox""#), "{page}");
        let (before, framed) = page.split_once("srcdoc=\"").unwrap();
        let (framed, after) = framed.split_once('"').unwrap();
        assert!(framed.starts_with("&#60;!DOCTYPE html") && framed.contains("base target="), "{framed}");
        samples::is_sound(&format!("{before}{after}"));
    }

    // SEND-5
    #[test]
    fn a_mail_for_a_machine_is_shown_as_the_text_that_it_is() {
        let mail = MailboxMail { text: "<adf>\n</adf>".to_owned(), html: String::new(), ..samples::mails().remove(0) };
        let page = MailPage { mail: &mail, zone: Tz::UTC }.render().unwrap();
        assert!(page.contains("<pre>&#60;adf&#62;") && !page.contains("<iframe"), "{page}");
        samples::is_sound(&page);
    }
}
