//! Mail over SMTP: few connections, kept open between mails, each try within one deadline.
//!
//! It never sends a password in clear, and never lets a slow server hold more than its own few connections (SEND-4).
//!
//! The connections are kept here, not by lettre's pool: that one sets no limit to a read, and takes a connection back
//! when a send is cut short. The next mail would then read the answer that belongs to the one before, and a mail that
//! nobody took would count as sent. Here a connection comes back only after a mail was taken; else it is closed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::compose::{Composed, MailTransport};
use super::error::DeliveryError;
use super::outcome::Outcome;
use super::wording;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Not at all: for a relay on the same machine.
    None,
    /// By STARTTLS, port 587; a server that does not offer it gets nothing.
    StartTls,
    /// From the first byte, port 465.
    Tls,
}

/// Who we are to the mail server.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// How to reach the mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name, against which its certificate is checked.
    pub host: String,
    /// Its port; the usual one of the mode if `None` (25, 587, 465).
    pub port: Option<u16>,
    /// How the connection is encrypted.
    pub tls: TlsMode,
    /// Who we are, if it asks.
    pub login: Option<Login>,
    /// How long one try may take, from connecting to the server's last answer. RFC 5321 allows servers minutes; 30 seconds
    /// suit a relay of one's own.
    pub timeout: Duration,
    /// How many connections at once.
    pub connections_max: usize,
}

/// Sends over SMTP.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    hello: ClientId,
    permits: Semaphore,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl Smtp {
    /// Checks the settings; connects only when a mail is sent.
    pub fn new(settings: SmtpSettings) -> Result<Self, DeliveryError> {
        let host = settings.host.clone();
        if settings.tls == TlsMode::None && settings.login.is_some() && !is_this_machine(&host) {
            return Err(DeliveryError::PasswordInClear { host });
        }
        let tls = match settings.tls {
            TlsMode::None => None,
            TlsMode::StartTls | TlsMode::Tls => {
                Some(TlsParameters::new(host.clone()).map_err(|source| DeliveryError::Tls { host, source })?)
            }
        };
        let permits = Semaphore::new(settings.connections_max.max(1));
        Ok(Self { settings, tls, hello: ClientId::default(), permits, idle: Mutex::default() })
    }

    async fn exchange(&self, mail: &Composed) -> Outcome {
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            // Whatever goes wrong before the mail is named is the server's or the settings' fault, not the mail's: it
            // waits until that is put right.
            Err(error) => return Outcome::retry(&format!("the mail server could not be used: {error}")),
        };
        match connection.send(mail.message.envelope(), &mail.message.formatted()).await {
            Ok(response) => {
                self.idle().push(connection);
                Outcome::sent(&reply(&response))
            }
            Err(error) => classify(&error),
        }
    }

    /// An idle connection that still answers, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Error> {
        loop {
            let idle = self.idle().pop();
            match idle {
                None => return self.connect().await,
                Some(mut connection) => {
                    // A connection that a firewall forgot says nothing at all; it must leave time for a new one.
                    let patience = self.settings.timeout / 4;
                    if tokio::time::timeout(patience, connection.test_connected()).await == Ok(true) {
                        return Ok(connection);
                    }
                }
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let default_port = match self.settings.tls {
            TlsMode::None => 25,
            TlsMode::StartTls => 587,
            TlsMode::Tls => 465,
        };
        let address = (self.settings.host.as_str(), self.settings.port.unwrap_or(default_port));
        let wrapped = self.tls.clone().filter(|_| self.settings.tls == TlsMode::Tls);
        let upgraded = self.tls.clone().filter(|_| self.settings.tls == TlsMode::StartTls);
        let timeout = Some(self.settings.timeout);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, timeout, &self.hello, wrapped, None).await?;
        if let Some(tls) = upgraded {
            connection.starttls(tls, &self.hello).await?;
        }
        if let Some(Login { username, password }) = &self.settings.login {
            let credentials = Credentials::new(username.clone(), password.expose_secret().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MailTransport for Smtp {
    async fn send(&self, mail: &Composed) -> Outcome {
        // The wait for a free connection is not the mail's: only its own try is measured. The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let tried = tokio::time::timeout(self.settings.timeout, self.exchange(mail)).await;
        tried.unwrap_or_else(|_| {
            let waited = wording::duration(self.settings.timeout);
            Outcome::retry(&format!("the mail server did not answer within {waited}"))
        })
    }
}

/// What an error in the middle of a mail means.
///
/// ```text
/// 4xx, connection lost, answer unreadable        retry
/// 530, 534, 535, 538 (it wants another login)    retry: the settings are wrong, not the mail
/// other 5xx                                      permanent
/// the address needs SMTPUTF8, which it lacks     permanent
/// ```
fn classify(error: &Error) -> Outcome {
    let code = error.status().map_or(0, u16::from);
    let asks_for_login = matches!(code, 530 | 534 | 535 | 538);
    if error.is_permanent() && refuses_address(code, &error.to_string()) {
        Outcome::bad_address(&error.to_string())
    } else if (error.is_permanent() && !asks_for_login) || error.is_client() {
        Outcome::permanent(&error.to_string())
    } else {
        Outcome::retry(&error.to_string())
    }
}

/// Whether it is the address that was refused, rather than this mail's content or our server (RFC 3463: `5.1.x` is an address that is
/// none, `5.2.1` a mailbox that is closed). Servers without those codes say it by 550, 551 or 553 alone.
fn refuses_address(code: u16, words: &str) -> bool {
    let enhanced = words.split_whitespace().find(|word| word.starts_with("5.") && word.matches('.').count() == 2);
    match enhanced {
        Some(status) => status.starts_with("5.1.") || status == "5.2.1",
        None => matches!(code, 550 | 551 | 553),
    }
}

fn reply(response: &Response) -> String {
    let code = u16::from(response.code());
    format!("{code} {}", response.message().collect::<Vec<_>>().join(" "))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::delivery::smtp_server::{Script, SmtpServer};
    use crate::delivery::{Mailer, Outgoing, Sender, samples};
    use crate::domain::id::DeliveryId;
    use crate::domain::message::Message;

    fn settings(port: u16) -> SmtpSettings {
        SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: Some(port),
            tls: TlsMode::None,
            login: None,
            timeout: Duration::from_secs(20),
            connections_max: 2,
        }
    }

    fn mailer(settings: SmtpSettings) -> Mailer {
        let sender = Sender::parse("Aurora Motors <leads@example.com>", None).unwrap();
        Mailer::new(sender, Arc::new(Smtp::new(settings).unwrap()))
    }

    fn outgoing() -> Outgoing {
        Outgoing {
            delivery: DeliveryId(Uuid::from_u128(0xd1)),
            to: "ann@example.org".to_owned(),
            name: None,
            written_at: samples::NOON,
            rendered: samples::rendered(&Message::Offer(samples::offer())),
        }
    }

    async fn try_once(script: Script) -> (Outcome, Vec<String>) {
        let server = SmtpServer::start(script).await;
        let outcome = mailer(settings(server.port)).send(outgoing()).await;
        (outcome, server.mails())
    }

    fn reason(outcome: Outcome) -> (&'static str, String) {
        match outcome {
            Outcome::Sent { reply } => ("sent", reply),
            Outcome::Retry { reason, .. } => ("retry", reason),
            Outcome::Permanent { reason, .. } => ("permanent", reason),
        }
    }

    // SEND-1
    #[tokio::test]
    async fn a_mail_that_the_server_takes_is_sent() {
        let (outcome, mails) = try_once(Script::default()).await;
        assert_eq!(outcome, Outcome::Sent { reply: "250 queued".to_owned() });
        assert_eq!(mails.len(), 1);
        assert!(mails[0].contains("Message-ID: <dlv_000000000000000000000000000000d1@example.com>"));
        assert!(mails[0].contains("RCPT TO:<ann@example.org>"));
    }

    // SEND-3
    #[test]
    fn a_refused_address_is_told_from_a_refused_mail() {
        for (code, words, address) in [
            (550, "permanent error (550): 5.1.1 no such user", true),
            (550, "permanent error (550): no such user", true),
            (551, "permanent error (551): 5.1.6 moved", true),
            (550, "permanent error (550): 5.2.1 mailbox closed", true),
            (550, "permanent error (550): 5.7.1 looks like spam", false),
            (554, "permanent error (554): no", false),
        ] {
            assert_eq!(refuses_address(code, words), address, "{words}");
        }
    }

    // SEND-2
    #[tokio::test]
    async fn each_answer_means_retry_or_failure_as_the_table_says() {
        for (step, answer, kind) in [
            ("RCPT", "450 4.2.1 mailbox busy", "retry"),
            ("RCPT", "550 5.1.1 no such user", "permanent"),
            ("MAIL", "530 5.7.0 log in first", "retry"),
            ("MAIL", "421 4.3.2 shutting down", "retry"),
            ("DATA", "554 5.6.0 no", "permanent"),
            (".", "452 4.3.1 disk full", "retry"),
            (".", "552 5.3.4 too big", "permanent"),
            ("EHLO", "554 5.7.1 go away", "retry"),
            ("GREETING", "554 no service", "retry"),
            ("MAIL", "no number here", "retry"),
        ] {
            let (outcome, mails) = try_once(Script::answers(step, answer)).await;
            let (found, reason) = reason(outcome);
            assert_eq!(found, kind, "{step} {answer}: {reason}");
            assert!(mails.is_empty());
            if let Some((_, words)) = answer.split_once(' ').filter(|(code, _)| code.len() == 3) {
                assert!(reason.contains(words), "{reason}");
            }
        }
    }

    // SEND-2: the mail may have been taken or not, so it is tried again, under the same Message-ID.
    #[tokio::test]
    async fn a_connection_dropped_in_the_middle_of_the_data_is_tried_again_as_the_same_mail() {
        let server = SmtpServer::start(Script { drops_in_data: 1, ..Script::default() }).await;
        let mailer = mailer(settings(server.port));
        assert_eq!(reason(mailer.send(outgoing()).await).0, "retry");
        assert_eq!(reason(mailer.send(outgoing()).await).0, "sent");
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        assert!(mails[0].contains("Message-ID: <dlv_000000000000000000000000000000d1@example.com>"));
    }

    // SEND-4
    #[tokio::test]
    async fn a_server_that_says_nothing_costs_one_deadline_and_no_later_mail_reads_its_answer() {
        let server = SmtpServer::start(Script { silent_after_data: 1, ..Script::default() }).await;
        let mailer = mailer(SmtpSettings { timeout: Duration::from_secs(1), ..settings(server.port) });
        let (kind, words) = reason(mailer.send(outgoing()).await);
        assert_eq!((kind, words.as_str()), ("retry", "the mail server did not answer within 1 second"));
        assert_eq!(reason(mailer.send(outgoing()).await).0, "sent");
        assert_eq!(server.connection_count(), 2, "the silent connection was closed, not used again");
    }

    #[tokio::test]
    async fn a_connection_is_used_again_and_replaced_when_the_server_closed_it() {
        let server = SmtpServer::start(Script { mails_per_connection: 2, ..Script::default() }).await;
        let mailer = mailer(settings(server.port));
        for _ in 0..3 {
            assert_eq!(reason(mailer.send(outgoing()).await).0, "sent");
        }
        assert_eq!((server.mails().len(), server.connection_count()), (3, 2));
    }

    // SEND-4
    #[tokio::test]
    async fn no_more_connections_are_opened_than_allowed() {
        let server = SmtpServer::start(Script::default()).await;
        let mailer = mailer(settings(server.port));
        let sends = (0..20).map(|_| mailer.send(outgoing()));
        for outcome in futures_util::future::join_all(sends).await {
            assert_eq!(reason(outcome).0, "sent");
        }
        assert!(server.connection_count() <= 2, "{}", server.connection_count());
    }

    #[tokio::test]
    async fn nobody_listening_means_retry() {
        let free = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        assert_eq!(reason(mailer(settings(port)).send(outgoing()).await).0, "retry");
    }

    #[tokio::test]
    async fn a_refused_login_or_a_missing_starttls_is_the_settings_fault_and_the_mail_waits() {
        let server = SmtpServer::start(Script::answers("AUTH", "535 5.7.8 wrong password")).await;
        let login = Login { username: "baton".to_owned(), password: "secret".to_owned().into() };
        let outcome = mailer(SmtpSettings { login: Some(login), ..settings(server.port) }).send(outgoing()).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");

        let server = SmtpServer::start(Script::default()).await;
        let outcome = mailer(SmtpSettings { tls: TlsMode::StartTls, ..settings(server.port) }).send(outgoing()).await;
        assert!(reason(outcome).1.contains("STARTTLS"));
        assert!(server.mails().is_empty(), "nothing is sent in clear instead");
    }

    #[test]
    fn a_password_is_not_sent_in_clear_and_not_printed() {
        let login = Some(Login { username: "baton".to_owned(), password: "secret".to_owned().into() });
        let settings = SmtpSettings { host: "mail.example.com".to_owned(), login, ..settings(25) };
        assert!(!format!("{settings:?}").contains("secret"));
        let error = Smtp::new(settings.clone()).err().unwrap();
        assert!(error.to_string().contains("set `tls` to `starttls` or `tls`"), "{error}");
        assert!(Smtp::new(SmtpSettings { tls: TlsMode::Tls, ..settings }).is_ok());
    }
}
