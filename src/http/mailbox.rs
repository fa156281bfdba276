//! The demo's mailbox: `/demo/mail` and `/demo/mail/<delivery>`.
//!
//! For `demo` only, never in production: its mails carry the links that acknowledge leads, and whoever comes may read them.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse, Scope};
use chrono_tz::Tz;

use super::pages::{MAIL_POLICY, MailPage, MailboxPage, NotFoundPage};
use super::request_id::request_id;
use super::sheet::Sheet;
use crate::app::App;
use crate::delivery::Mailbox;

/// Readers of a demo sit anywhere.
const ZONE: Tz = Tz::UTC;

/// The routes, for a server that keeps its mails in `mailbox`.
pub(super) fn scope(mailbox: &Arc<Mailbox>) -> Scope {
    web::scope("/demo/mail")
        .app_data(Data::from(Arc::clone(mailbox)))
        .route("", web::get().to(list))
        .route("/{delivery}", web::get().to(one))
}

async fn list(app: Data<App>, mailbox: Data<Mailbox>, request: HttpRequest) -> HttpResponse {
    let sheet = Sheet::new(request_id(&request, &app.actions.entropy));
    sheet.page(StatusCode::OK, &MailboxPage { mails: &mailbox.list(), zone: ZONE })
}

async fn one(app: Data<App>, mailbox: Data<Mailbox>, request: HttpRequest, delivery: Path<String>) -> HttpResponse {
    let sheet = Sheet::new(request_id(&request, &app.actions.entropy));
    match delivery.parse().ok().and_then(|delivery| mailbox.lookup(delivery)) {
        Some(mail) => sheet.page_under(MAIL_POLICY, StatusCode::OK, &MailPage { mail: &mail, zone: ZONE }),
        None => sheet.page(StatusCode::NOT_FOUND, &NotFoundPage),
    }
}
