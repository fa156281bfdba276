//! `POST /adf`: leads as ADF 1.0, bare or in a mail, from whoever may hand in leads.
//!
//! | status | when |
//! |---|---|
//! | 201 | every prospect is a lead now, one of them at least a new one |
//! | 200 | every prospect had been sent before |
//! | 207 | some are leads, others were refused: the answer says which and why |
//! | 422 | all were refused |
//! | 400 | the document is not read, and none of it was taken: the answer says where and why |
//!
//! Sending a document again is safe: what was taken in before stays the lead that it is.

use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, Resource};
use mime::Mime;
use serde_json::{Value, json};

use super::admission::caller;
use super::body::body;
use super::problem::Problem;
use super::rate::Rate;
use super::request_id::{REQUEST_ID_HEADER, request_id};
use crate::actions::adf::{self, AdfError, BYTES_MAX, Outcome, Sender, TakenIn, Told};
use crate::app::App;

/// The types under which partners send; a browser sends the last two without asking first, but never with a token.
const TYPES: [&str; 6] =
    ["application/xml", "text/xml", "application/adf+xml", "application/x-adf", "message/rfc822", "text/plain"];

/// The route.
pub(super) fn resource() -> Resource {
    web::resource("/adf").route(web::post().to(receive)).default_service(web::to(other_method))
}

async fn receive(app: Data<App>, rate: Data<Rate>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let id = request_id(&request, &app.actions.entropy);
    match take(&app, &rate, &request, payload).await {
        Ok(taken) => answer(&taken, &id),
        Err(problem) => problem.answer(&id),
    }
}

async fn other_method(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let detail = format!("`{}` is not a method of this address: use POST", request.method());
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail);
    let mut answer = problem.answer(&request_id(&request, &app.actions.entropy));
    answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    answer
}

async fn take(app: &App, rate: &Rate, request: &HttpRequest, payload: Payload) -> Result<Vec<TakenIn>, Problem> {
    let actor = caller(app, request)?;
    rate.check(&actor.credential())?;
    check_type(request)?;
    let document = body(request, payload, BYTES_MAX as u64).await?;
    // A large document takes a while: other requests of this thread do not wait for it.
    let prospects = web::block(move || adf::read(&document)).await;
    let prospects = prospects
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the server failed"))?
        .map_err(unread)?;
    let sender = Sender { actor: &actor, notify: true };
    Ok(Box::pin(adf::take_in(&app.actions, sender, prospects)).await?)
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let refuse = || Problem::media_type("`application/xml`, or a mail as `message/rfc822`");
    let text = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mime: Mime = text.and_then(|text| text.parse().ok()).ok_or_else(refuse)?;
    let is_encoded = request.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
    if is_encoded || !TYPES.contains(&mime.essence_str()) {
        return Err(refuse());
    }
    Ok(())
}

fn unread(error: AdfError) -> Problem {
    let problem = Problem::new(StatusCode::BAD_REQUEST, "MALFORMED", error.to_string());
    match error.place {
        Some(place) => problem.with("line", place.line).with("column", place.column).with("element", place.element),
        None => problem,
    }
}

fn answer(taken: &[TakenIn], request_id: &str) -> HttpResponse {
    let count = |is: fn(&Outcome) -> bool| taken.iter().filter(|one| is(&one.outcome)).count();
    let refused = count(|outcome| matches!(outcome, Outcome::Refused(_)));
    let status = match (refused, count(|outcome| matches!(outcome, Outcome::Created(_)))) {
        (0, 0) => StatusCode::OK,
        (0, _) => StatusCode::CREATED,
        (refused, _) if refused == taken.len() => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::MULTI_STATUS,
    };
    let prospects: Vec<Value> = taken.iter().map(told).collect();
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((REQUEST_ID_HEADER, request_id))
        .json(json!({ "prospects": prospects }))
}

fn told(one: &TakenIn) -> Value {
    let (outcome, lead, problems) = match &one.outcome {
        Outcome::Created(lead) => ("CREATED", Some(lead.to_string()), &[][..]),
        Outcome::Known(lead) => ("KNOWN", lead.map(|lead| lead.to_string()), &[][..]),
        Outcome::Refused(problems) => ("REFUSED", None, problems.as_slice()),
    };
    let places = |all: &[Told]| all.iter().map(placed).collect::<Vec<Value>>();
    json!({
        "prospect": one.number,
        "outcome": outcome,
        "leadId": lead,
        "externalId": one.external_id,
        "problems": places(problems),
        "warnings": places(&one.told),
    })
}

fn placed(told: &Told) -> Value {
    let place = &told.place;
    json!({ "line": place.line, "column": place.column, "element": place.element, "message": told.message })
}
