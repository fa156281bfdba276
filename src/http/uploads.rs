//! `POST /uploads?name=dealers.csv`: receives a file of any type as the body, for `prepareImport` to read.
//!
//! The file goes to the database piece by piece as it comes, so that any server can read it and none holds it whole. A body that is
//! cut off or too long leaves nothing.

use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, Resource};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;

use super::admission::caller;
use super::body::{BodyRefusal, check_announced};
use super::problem::Problem;
use super::rate::Rate;
use super::request_id::{REQUEST_ID_HEADER, request_id};
use crate::actions::import::{begin_upload, end_upload};
use crate::app::App;
use crate::domain::file_import::{PIECE_BYTES, Upload};
use crate::store::uploads;

/// The name of a file that has none.
const NAME: &str = "upload.csv";

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

/// The route.
pub(super) fn resource() -> Resource {
    web::resource("/uploads").route(web::post().to(receive))
}

async fn receive(
    app: Data<App>,
    rate: Data<Rate>,
    request: HttpRequest,
    named: Query<Named>,
    payload: Payload,
) -> HttpResponse {
    let id = request_id(&request, &app.actions.entropy);
    let name = named.into_inner().name;
    // A task of its own: when the client is gone this one is dropped, and what was received has to be removed all the same.
    let receiving = actix_web::rt::spawn(async move { received(&app, &rate, &request, name, payload).await });
    let received = receiving
        .await
        .unwrap_or_else(|_| Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the server failed")));
    match received {
        Ok(upload) => HttpResponse::build(StatusCode::CREATED)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((REQUEST_ID_HEADER, id))
            .json(json!({
                "uploadId": upload.id.to_string(),
                "name": upload.name,
                "bytes": upload.bytes,
                "expiresAt": upload.expires_at.to_string(),
            })),
        Err(problem) => problem.answer(&id),
    }
}

async fn received(
    app: &App,
    rate: &Rate,
    request: &HttpRequest,
    name: Option<String>,
    payload: Payload,
) -> Result<Upload, Problem> {
    let actor = caller(app, request)?;
    rate.check(&actor.credential())?;
    if request.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Problem::media_type("the file as it is"));
    }
    let bytes_max = app.config.limits.upload_bytes as u64;
    check_announced(request, bytes_max)?;
    let upload = begin_upload(&app.actions, &actor, name.as_deref().unwrap_or(NAME)).await?;
    match pieces(app, &upload, payload, bytes_max).await {
        Ok(bytes) => Ok(end_upload(&app.actions, upload, bytes).await?),
        Err(problem) => {
            uploads::remove(app.actions.store.writer(), upload.tenant, upload.id).await?;
            Err(problem)
        }
    }
}

/// Keeps the body; how long it was.
async fn pieces(app: &App, upload: &Upload, mut payload: Payload, bytes_max: u64) -> Result<i64, Problem> {
    let writer = app.actions.store.writer();
    let (mut piece, mut position) = (Vec::with_capacity(PIECE_BYTES), 0_i64);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyRefusal::CutOff)?;
        let found = position as u64 + (piece.len() + chunk.len()) as u64;
        if found > bytes_max {
            return Err(BodyRefusal::TooLarge { allowed: bytes_max, found }.into());
        }
        piece.extend_from_slice(&chunk);
        while piece.len() >= PIECE_BYTES {
            let rest = piece.split_off(PIECE_BYTES);
            let full = std::mem::replace(&mut piece, rest);
            uploads::insert_piece(writer, upload, position, full).await?;
            position += PIECE_BYTES as i64;
        }
    }
    let length = position + piece.len() as i64;
    if length == 0 {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the body is empty: send the file in it"));
    }
    if !piece.is_empty() {
        uploads::insert_piece(writer, upload, position, piece).await?;
    }
    Ok(length)
}
