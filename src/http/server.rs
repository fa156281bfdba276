//! The server: every route, on one listening socket.

use std::future::ready;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::{Server, Service};
use actix_web::http::Method;
use actix_web::middleware::Compress;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpServer};

use super::admission::admit;
use super::graphql::Endpoint;
use super::pages::NotFoundPage;
use super::request_id::request_id;
use super::sheet::Sheet;
use super::{health, links, mailbox, playground};
use crate::app::App;
use crate::graphql::BatonSchema;

/// A server of `app` on `listener`. It runs while it is awaited, within the runtime that awaits it, and heeds no signal by itself.
pub fn server(app: &Arc<App>, listener: TcpListener) -> std::io::Result<Server> {
    let endpoint = Arc::new(endpoint(app));
    let settings = &app.config.server;
    let (threads, patience) = (settings.threads, settings.shutdown_seconds);
    let app = Arc::clone(app);
    let factory = move || {
        let wake = Arc::clone(&app.wake);
        actix_web::App::new()
            .wrap_fn(move |request, service| {
                // Whatever is posted may leave work behind.
                let wake = (request.method() == Method::POST).then(|| Arc::clone(&wake));
                let answer = service.call(request);
                async move {
                    let answer = answer.await;
                    if let Some(wake) = wake {
                        wake.ring();
                    }
                    answer
                }
            })
            .wrap(Compress::default())
            .configure(|config| routes(config, &app, &endpoint))
    };
    let server = HttpServer::new(factory).disable_signals().shutdown_timeout(patience);
    let server = if threads > 0 { server.workers(threads) } else { server };
    Ok(server.listen(listener)?.run())
}

fn routes(config: &mut ServiceConfig, app: &Arc<App>, endpoint: &Arc<Endpoint<BatonSchema>>) {
    config
        .app_data(Data::from(Arc::clone(app)))
        .configure(health::routes)
        .service(endpoint.resource())
        .service(links::scope())
        .service(playground::scope())
        .service(web::redirect("/", "/playground"));
    if let Some(mailbox) = &app.mailbox {
        config.service(mailbox::scope(mailbox));
    }
    config.default_service(web::to(nothing_here));
}

fn endpoint(app: &Arc<App>) -> Endpoint<BatonSchema> {
    let (clock, entropy) = (Arc::clone(&app.actions.clock), Arc::clone(&app.actions.entropy));
    let admitting = Arc::clone(app);
    Endpoint::new(app.schema.clone(), app.limits, clock, entropy, move |request| ready(admit(&admitting, &request)))
}

async fn nothing_here(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let sheet = Sheet::new(request_id(&request, &app.actions.entropy));
    sheet.page(actix_web::http::StatusCode::NOT_FOUND, &NotFoundPage)
}
