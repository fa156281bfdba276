//! The pages behind the links in mails: `/l/<token>` (SPEC ACK-2 to ACK-6).
//!
//! A GET never answers a lead, for mail scanners open links; only the POST of a form does. Either way the page shows the lead as it is
//! afterwards.

mod form;
mod view;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form, FormConfig, Path};
use actix_web::{HttpRequest, HttpResponse, Scope};

use self::form::{Reply, Said};
use self::view::View;
use super::pages::NotFoundPage;
use super::request_id::request_id;
use super::sheet::Sheet;
use crate::actions::links::{Seen, answer, see};
use crate::actions::{ActionError, answer::Answer};
use crate::app::App;

/// A thousand characters of any script, percent-encoded, and a reason.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// The routes under `/l`.
pub fn scope() -> Scope {
    web::scope("/l")
        .app_data(FormConfig::default().limit(FORM_BYTES_MAX))
        .service(web::resource("/{token}").route(web::get().to(open)).route(web::head().to(open)))
        .service(web::resource("/{token}/{answer}").route(web::post().to(reply)))
}

async fn open(app: Data<App>, request: HttpRequest, token: Path<String>) -> HttpResponse {
    let sheet = Sheet::new(request_id(&request, &app.actions.entropy));
    show(&app, &sheet, &token, None).await
}

/// Forms without a body, or with one that can't be read, are taken as empty: a missing reason then says so on the page.
async fn reply(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: Option<Form<Reply>>,
) -> HttpResponse {
    let sheet = Sheet::new(request_id(&request, &app.actions.entropy));
    let (token, answer_name) = path.into_inner();
    let reply = form.map(Form::into_inner).unwrap_or_default();
    match reply.read(&answer_name) {
        Said::Answer(said) => given(&app, &sheet, &token, said).await,
        Said::Problem(problem) => show(&app, &sheet, &token, Some(&problem)).await,
        Said::Unknown => sheet.page(StatusCode::NOT_FOUND, &NotFoundPage),
    }
}

/// Shows what the holder of the link sees now.
async fn show(app: &App, sheet: &Sheet, token: &str, problem: Option<&str>) -> HttpResponse {
    match see(&app.actions, token).await {
        Ok(seen) => View { sheet, token, now: app.actions.clock.now(), problem }.show(&seen),
        Err(error) => sheet.fault(&error),
    }
}

async fn given(app: &App, sheet: &Sheet, token: &str, said: Answer) -> HttpResponse {
    let reported = view::reported(&said);
    // What the page of thanks says of the lead; a rejected one shows nothing any more.
    let about = match reported {
        Some(_) => see(&app.actions, token).await,
        None => Ok(Seen::NotFound),
    };
    match (answer(&app.actions, token, said).await, reported, about) {
        (Ok(_), Some(reported), Ok(Seen::Lead(seen))) => view::thanks(sheet, token, reported, &seen),
        (Ok(_), _, _) => sheet.see_other(&view::path(token)),
        (Err(ActionError::Refused(problems)), _, _) => {
            // A lead that is gone says so itself, in the words that everybody gets.
            show(app, sheet, token, problems.first().map(|problem| problem.message.as_str())).await
        }
        (Err(error), _, _) => sheet.fault(&error),
    }
}
