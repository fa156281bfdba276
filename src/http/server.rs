//! The server: every route, on one listening socket.

use std::future::ready;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::Compress;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpServer};

use super::admission::admit;
use super::graphql::{Endpoint, SocketSettings, keep_line};
use super::pages::NotFoundPage;
use super::request_id::request_id;
use super::sheet::Sheet;
use super::{adf, downloads, health, links, mailbox, playground, uploads};
use crate::app::App;
use crate::graphql::BatonSchema;

/// A server of `app` on `listener`. It runs while it is awaited, within the runtime that awaits it, and heeds no signal by itself.
pub fn server(app: &Arc<App>, listener: TcpListener) -> std::io::Result<Server> {
    let endpoint = Arc::new(endpoint(app));
    let settings = &app.config.server;
    let (threads, patience) = (settings.threads, settings.shutdown_seconds);
    let app = Arc::clone(app);
    let factory =
        move || actix_web::App::new().wrap(Compress::default()).configure(|config| routes(config, &app, &endpoint));
    let server = HttpServer::new(factory).on_connect(keep_line).disable_signals().shutdown_timeout(patience);
    let server = if threads > 0 { server.workers(threads) } else { server };
    Ok(server.listen(listener)?.run())
}

fn routes(config: &mut ServiceConfig, app: &Arc<App>, endpoint: &Arc<Endpoint<BatonSchema>>) {
    config
        .app_data(Data::from(Arc::clone(app)))
        .app_data(Data::from(endpoint.rate()))
        .configure(health::routes)
        .service(adf::resource())
        .service(downloads::resource())
        .service(uploads::resource())
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
    let endpoint = Endpoint::new(app.schema.clone(), app.limits, clock, entropy, move |authorization| {
        ready(admit(&admitting, authorization.as_deref()))
    });
    endpoint.with_sockets(sockets(app))
}

fn sockets(app: &App) -> SocketSettings {
    let sockets = &app.config.sockets;
    let own = url::Url::parse(&app.config.server.public_url).map(|url| url.origin().ascii_serialization());
    SocketSettings {
        total: sockets.total,
        per_credential: sockets.per_credential,
        operations: sockets.operations,
        init: Duration::from_secs(sockets.init_seconds),
        ping: Duration::from_secs(sockets.ping_seconds),
        send: Duration::from_secs(sockets.send_seconds),
        origins: sockets.origins.iter().cloned().chain(own).collect(),
        closing: app.closing.subscribe(),
    }
}

async fn nothing_here(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let sheet = Sheet::new(request_id(&request, &app.actions.entropy));
    sheet.page(actix_web::http::StatusCode::NOT_FOUND, &NotFoundPage)
}
