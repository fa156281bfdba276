//! Posts documents to the addresses that dealers gave: one try each, within a time limit, to public addresses alone (SPEC SEND-6).
//!
//! It follows no redirect, obeys no proxy of the environment, reads no more of an answer than a diagnostic needs, and names no address in
//! an error: what it says stands in the delivery's record.

use std::error::Error;
use std::iter::successors;
use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use url::Url;

use super::adf::adf;
use super::error::DeliveryError;
use super::event::event;
use super::outcome::{Answer, Outcome};
use super::parcel::Parcel;
use super::reach::{NotPublic, PublicOnly, Reach};
use crate::domain::Timestamp;
use crate::domain::delivery::Channel;

/// From looking the name up to the last byte: a CRM that needs longer for one lead is not well.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of an answer at most; it is shown to people, and cut shorter for that.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// By which a receiver tells the second copy of a push: the same on every try.
const KEY: &str = "idempotency-key";

/// Posts to dealers' CRMs.
#[derive(Clone)]
pub struct Poster {
    client: Client,
    reach: Reach,
}

impl Poster {
    /// One that reaches no further than that.
    pub fn new(reach: Reach) -> Result<Self, DeliveryError> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .user_agent(concat!("baton/", env!("CARGO_PKG_VERSION")));
        let builder = match reach {
            Reach::Anywhere => builder,
            Reach::Public | Reach::Nowhere => builder.https_only(true).dns_resolver(PublicOnly::default()),
        };
        Ok(Self { client: builder.build()?, reach })
    }

    /// Whether there is any address that it reaches.
    pub fn reaches_any(&self) -> bool {
        self.reach != Reach::Nowhere
    }

    /// One try to post one lead. `now` is when, for receivers that name the moment of the next.
    pub async fn post(&self, channel: Channel, address: &str, parcel: &Parcel, now: Timestamp) -> Answer {
        let refused = |why: String| Answer::ours(Outcome::permanent(&format!("the address of the CRM {why}")));
        let url = match Url::parse(address) {
            Ok(url) => url,
            Err(error) => return refused(format!("can't be read: {error}")),
        };
        if let Some(refusal) = self.reach.refusal(&url) {
            return refused(format!("is refused: {refusal}"));
        }
        let (content_type, body) = match channel {
            Channel::JsonHttp => ("application/json", event(parcel).to_string()),
            _ => match adf(parcel) {
                Ok(document) => ("application/xml; charset=utf-8", document),
                Err(error) => return Answer::ours(Outcome::retry(&error.to_string())),
            },
        };
        let request = self.client.post(url).header(CONTENT_TYPE, content_type);
        match request.header(KEY, parcel.delivery.to_string()).body(body).send().await {
            Ok(response) => answered(response, parcel, now).await,
            Err(error) => failed(error),
        }
    }
}

/// What an answer means.
///
/// ```text
/// 2xx                            sent
/// 408, 425, 429, 5xx             retry, not before the moment that `Retry-After` names
/// 3xx and every other answer     permanent
/// ```
async fn answered(response: Response, parcel: &Parcel, now: Timestamp) -> Answer {
    let (status, after) = (response.status(), retry_after(response.headers(), now));
    let words = parcel.without_contact_data(&beginning(response).await);
    let told = format!("the CRM answered {status}");
    let reason = format!("{told}: {words}");
    let reason = reason.trim_end_matches([':', ' ']);
    if status.is_success() {
        Answer::of(Outcome::sent(format!("{status} {words}").trim_end()), told)
    } else if may_pass(status) {
        let outcome = match Outcome::retry(reason) {
            Outcome::Retry { reason, .. } => Outcome::Retry { after, reason },
            other => other,
        };
        Answer::of(outcome, told)
    } else if status.is_redirection() {
        let hint = "redirects are not followed, give the final address";
        Answer::of(Outcome::permanent(&format!("{reason}; {hint}")), format!("{told}; {hint}"))
    } else {
        Answer::of(Outcome::permanent(reason), told)
    }
}

fn may_pass(status: StatusCode) -> bool {
    let patient = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_server_error() || patient.contains(&status)
}

/// How long the receiver asks to be left alone: in seconds, or until a moment (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?;
    Some(Timestamp::from(until.to_utc()).since(now))
}

/// The beginning of an answer's text. One that breaks off or never ends has been an answer all the same.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES_MAX {
        let Ok(Some(chunk)) = response.chunk().await else { break };
        let room = ANSWER_BYTES_MAX.saturating_sub(bytes.len());
        bytes.extend(chunk.iter().take(room));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What it means that there was no answer.
fn failed(error: reqwest::Error) -> Answer {
    let error = error.without_url();
    let first: &(dyn Error + 'static) = &error;
    let causes: Vec<&(dyn Error + 'static)> = successors(Some(first), cause).collect();
    if causes.iter().any(|cause| cause.is::<NotPublic>()) {
        return Answer::ours(Outcome::permanent(&format!("the address of the CRM is refused: {NotPublic}")));
    }
    if error.is_timeout() {
        return Answer::open(Outcome::retry(&format!("the CRM did not answer within {} seconds", TIMEOUT.as_secs())));
    }
    let words: Vec<String> = causes.iter().map(ToString::to_string).collect();
    if error.is_builder() {
        return Answer::ours(Outcome::permanent(&words.join(": ")));
    }
    Answer::of(Outcome::retry(&format!("the CRM can't be reached: {}", words.join(": "))), "the CRM can't be reached")
}

fn cause<'e>(error: &&'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    <dyn Error>::source(*error)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::delivery::samples;

    /// Answers one request with these bytes, as often as they are asked for; what was received.
    async fn answering(answer: Vec<u8>, times: usize) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            while !request.ends_with(b"</adf>\n") && !request.ends_with(b"}}") {
                let count = socket.read(&mut buffer).await.unwrap();
                request.extend_from_slice(&buffer[..count]);
            }
            for _ in 0..times {
                // A client that has read enough goes away.
                if socket.write_all(&answer).await.is_err() {
                    break;
                }
            }
            String::from_utf8(request).unwrap()
        });
        (format!("http://{address}/leads?key=1"), received)
    }

    async fn tried(channel: Channel, url: &str, reach: Reach) -> Answer {
        Poster::new(reach).unwrap().post(channel, url, &samples::parcel(), samples::NOON).await
    }

    async fn post(channel: Channel, url: &str, reach: Reach) -> Outcome {
        tried(channel, url, reach).await.outcome
    }

    async fn answer(head: &str, body: &str) -> Outcome {
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let (url, _) = answering(answer.into_bytes(), 1).await;
        post(Channel::AdfHttp, &url, Reach::Anywhere).await
    }

    // SEND-1, SEND-2
    #[tokio::test]
    async fn a_document_is_posted_with_its_type_and_a_stable_key() {
        for (channel, kind, begin) in [
            (Channel::AdfHttp, "application/xml; charset=utf-8", "<?xml "),
            (Channel::JsonHttp, "application/json", "{"),
        ] {
            let ok = b"HTTP/1.1 202 Accepted\r\ncontent-length: 6\r\n\r\ncase 7".to_vec();
            let (url, received) = answering(ok, 1).await;
            assert_eq!(post(channel, &url, Reach::Anywhere).await, Outcome::sent("202 Accepted case 7"));
            let request = received.await.unwrap();
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("POST /leads?key=1 HTTP/1.1\r\n"), "{head}");
            assert!(head.contains(&format!("content-type: {kind}")), "{head}");
            assert!(head.contains("idempotency-key: dlv_000000000000000000000000000000d1"), "{head}");
            assert!(body.starts_with(begin) && body.contains("jo.doe@example.net"), "{body}");
        }
    }

    // SEND-2, SEND-6
    #[tokio::test]
    async fn each_answer_means_what_the_table_says() {
        let retry = |reason: &str, seconds: Option<u64>| Outcome::Retry {
            after: seconds.map(Duration::from_secs),
            reason: reason.to_owned(),
        };
        for (head, outcome) in [
            ("408 Request Timeout", retry("the CRM answered 408 Request Timeout", None)),
            ("425 Too Early", retry("the CRM answered 425 Too Early", None)),
            ("429 Too Many Requests\r\nretry-after: 120", retry("the CRM answered 429 Too Many Requests", Some(120))),
            ("500 X", retry("the CRM answered 500 Internal Server Error", None)),
            // 19:05 is now.
            (
                "503 X\r\nretry-after: Sat, 21 Nov 2026 19:06:30 GMT",
                retry("the CRM answered 503 Service Unavailable", Some(90)),
            ),
            ("404 X", Outcome::permanent("the CRM answered 404 Not Found")),
            ("401 X\r\nretry-after: 5", Outcome::permanent("the CRM answered 401 Unauthorized")),
        ] {
            assert_eq!(answer(head, "").await, outcome, "{head}");
        }
        assert_eq!(
            answer("400 X", "no vehicle").await,
            Outcome::permanent("the CRM answered 400 Bad Request: no vehicle")
        );
    }

    // ALLOC-4
    #[tokio::test]
    async fn what_a_timeline_tells_of_an_answer_is_the_status_and_none_of_the_receivers_words() {
        let body = "no such customer: Ann-Marie Doe-Smith";
        let head = format!("HTTP/1.1 422 X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let (url, _) = answering(head.into_bytes(), 1).await;
        let answer = tried(Channel::AdfHttp, &url, Reach::Anywhere).await;
        assert_eq!(answer.told, "the CRM answered 422 Unprocessable Entity");
        assert!(answer.was_asked);
        assert!(
            matches!(&answer.outcome, Outcome::Permanent { reason, .. } if reason.contains("Ann-Marie")),
            "{answer:?}"
        );
    }

    // SEND-6
    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let location = elsewhere.local_addr().unwrap();
        let outcome = answer(&format!("302 Found\r\nlocation: http://{location}/"), "").await;
        assert!(
            matches!(&outcome, Outcome::Permanent { reason, .. } if reason.contains("302 Found; redirects")),
            "{outcome:?}"
        );
        let asked = futures_util::FutureExt::now_or_never(elsewhere.accept());
        assert!(asked.is_none(), "nobody came");
    }

    // SEND-6
    #[tokio::test]
    async fn of_an_answer_without_end_only_the_beginning_is_read() {
        let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        let flood = [head, vec![b'x'; 64 * 1024]].concat();
        let (url, received) = answering(flood, usize::MAX).await;
        let outcome = post(Channel::AdfHttp, &url, Reach::Anywhere).await;
        assert!(matches!(&outcome, Outcome::Sent { reply } if reply.starts_with("200 OK xxx")), "{outcome:?}");
        // It would write for ever, were the connection not closed.
        received.await.unwrap();
    }

    // SEND-6
    #[tokio::test]
    async fn what_is_not_public_is_refused_by_its_address_and_by_its_name() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for (url, why) in [
            (format!("https://127.0.0.1:{port}/"), "it is no public address"),
            (format!("https://localhost:{port}/"), "its name leads to no public address"),
            (format!("http://crm.example.com:{port}/"), "only https is spoken"),
        ] {
            let answer = tried(Channel::AdfHttp, &url, Reach::Public).await;
            let refused = Outcome::permanent(&format!("the address of the CRM is refused: {why}"));
            assert_eq!(answer, Answer::ours(refused), "{url}");
        }
        assert!(futures_util::FutureExt::now_or_never(listener.accept()).is_none(), "nobody came");
    }

    // SEND-2
    #[tokio::test]
    async fn nobody_listening_means_retry_and_the_address_is_not_told() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let outcome = post(Channel::AdfHttp, &format!("http://{address}/secret"), Reach::Anywhere).await;
        assert!(
            matches!(&outcome, Outcome::Retry { reason, after: None } if !reason.contains("secret")),
            "{outcome:?}"
        );
    }

    // SEND-2
    #[test]
    fn a_moment_that_is_over_asks_for_no_wait_and_nonsense_for_none_either() {
        let after = |value: &'static str| {
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]), samples::NOON)
        };
        assert_eq!(after("Sat, 21 Nov 2026 19:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!((after("soon"), after("-5"), after("7")), (None, None, Some(Duration::from_secs(7))));
    }
}
