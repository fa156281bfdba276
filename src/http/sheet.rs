//! A page as an answer: rendered, with the headers that belong to every page.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType};
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;

use super::pages::{FaultPage, HEADERS, content_security_policy};
use super::request_id::REQUEST_ID_HEADER;

/// Makes the answers to one request.
pub(super) struct Sheet {
    request_id: String,
}

impl Sheet {
    /// For the request of this id.
    pub(super) fn new(request_id: String) -> Self {
        Self { request_id }
    }

    /// A page.
    pub(super) fn page(&self, status: StatusCode, page: &impl Template) -> HttpResponse {
        self.page_under(content_security_policy(), status, page)
    }

    /// A page under another policy than the usual.
    pub(super) fn page_under(&self, policy: &str, status: StatusCode, page: &impl Template) -> HttpResponse {
        match page.render() {
            Ok(html) => self
                .headed(status)
                .insert_header((CONTENT_SECURITY_POLICY, policy))
                .content_type(ContentType::html())
                .body(html),
            Err(error) => self.fault(&error),
        }
    }

    /// Sends the browser there by GET, so that a reload repeats nothing.
    pub(super) fn see_other(&self, path: &str) -> HttpResponse {
        self.headed(StatusCode::SEE_OTHER).insert_header(("location", path)).finish()
    }

    /// Something failed on our side: logged here, shown as an id only.
    pub(super) fn fault(&self, error: &dyn std::error::Error) -> HttpResponse {
        tracing::error!(request.id = self.request_id, error = %error, "fault");
        let html = FaultPage { request_id: &self.request_id }.render();
        self.headed(StatusCode::INTERNAL_SERVER_ERROR)
            .insert_header((CONTENT_SECURITY_POLICY, content_security_policy()))
            .content_type(ContentType::html())
            .body(html.unwrap_or_else(|_| format!("The server failed. Request id: {}", self.request_id)))
    }

    fn headed(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        for header in HEADERS {
            response.insert_header(header);
        }
        response.insert_header((REQUEST_ID_HEADER, self.request_id.as_str()));
        response
    }
}
