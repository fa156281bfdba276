//! What a supervisor and a load balancer ask: does the process live, and can it work (SPEC RUN-4).
//!
//! Neither needs a credential, so neither tells more than that.

use std::time::Duration;

use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{HttpResponse, Responder};

use crate::app::App;
use crate::store::StoreError;

/// A load balancer asks every few seconds; a database that takes longer than this is no use to anybody.
const PATIENCE: Duration = Duration::from_secs(2);

/// `/healthz` and `/readyz`.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/healthz", get().to(alive)).route("/readyz", get().to(ready));
}

/// The process lives: whatever answers here should not be restarted.
async fn alive() -> impl Responder {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).body("alive\n")
}

/// Ready for requests: the database answers and has the schema that this program knows.
async fn ready(app: Data<App>) -> impl Responder {
    let (mut answer, word) = match tokio::time::timeout(PATIENCE, app.store().check_schema()).await {
        Ok(Ok(())) => (HttpResponse::Ok(), "ready\n"),
        Ok(Err(StoreError::Schema(_))) => (HttpResponse::ServiceUnavailable(), "schema\n"),
        Ok(Err(_)) | Err(_) => (HttpResponse::ServiceUnavailable(), "database\n"),
    };
    answer.insert_header(("cache-control", "no-store")).body(word)
}
