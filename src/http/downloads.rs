//! `GET /downloads/{secret}`: the file behind an address that `exportLeads` or `exportOperationResults` handed out. The address is the credential: it is good for
//! this one file and a few minutes, and is no token of any user.
//!
//! The file is read as fast as the client takes it, one page in memory; a client that goes away ends the reading.

use actix_web::http::StatusCode;
use actix_web::http::header::Charset;
use actix_web::http::header::{
    CACHE_CONTROL, ContentDisposition, DispositionParam, DispositionType, ExtendedValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse, Resource};
use futures_util::stream::try_unfold;

use super::problem::Problem;
use super::rate::Rate;
use super::request_id::{REQUEST_ID_HEADER, request_id};
use crate::actions::export::{Export, find_download};
use crate::app::App;
use crate::domain::download::Download;

/// The route.
pub(super) fn resource() -> Resource {
    web::resource("/downloads/{secret}").route(web::get().to(download))
}

async fn download(app: Data<App>, rate: Data<Rate>, request: HttpRequest, secret: Path<String>) -> HttpResponse {
    let id = request_id(&request, &app.actions.entropy);
    match opened(&app, &rate, &secret).await {
        Ok((found, export)) => answer(&found, export, id),
        Err(problem) => problem.answer(&id),
    }
}

async fn opened(app: &App, rate: &Rate, secret: &str) -> Result<(Download, Export), Problem> {
    let found = find_download(&app.actions, secret).await?;
    let gone = || {
        let detail = "there is no download at this address, or its time is over: ask for a new one";
        Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", detail)
    };
    let found = found.ok_or_else(gone)?;
    rate.check(&found.actor.credential())?;
    let export = Export::open(&app.actions, &found).await?;
    Ok((found, export))
}

fn answer(download: &Download, export: Export, request_id: String) -> HttpResponse {
    let name = format!("{} {}.csv", download.content.name(), download.created_at.datetime().date_naive());
    let pages = try_unfold((export, request_id.clone()), |(mut export, id)| async move {
        match export.next().await {
            Ok(page) => Ok(page.map(|bytes| (Bytes::from(bytes), (export, id)))),
            Err(error) => {
                // The answer has begun: it is cut off, and the client sees that it is not whole.
                tracing::error!(request.id = id, error = %error, "a download was cut off");
                Err(error)
            }
        }
    });
    HttpResponse::build(StatusCode::OK)
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header(attachment(&name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header((REQUEST_ID_HEADER, request_id))
        .streaming(Box::pin(pages))
}

/// The file's name for old clients in ASCII, and as it is (RFC 6266).
fn attachment(name: &str) -> ContentDisposition {
    let forbidden = |letter: char| letter.is_control() || "/\\:*?\"<>|".contains(letter);
    let name: String = name.chars().map(|letter| if forbidden(letter) { '_' } else { letter }).collect();
    let ascii: String = name.chars().map(|letter| if letter.is_ascii() { letter } else { '_' }).collect();
    let extended =
        ExtendedValue { charset: Charset::Ext("UTF-8".to_owned()), language_tag: None, value: name.into_bytes() };
    let parameters = vec![DispositionParam::Filename(ascii), DispositionParam::FilenameExt(extended)];
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

#[cfg(test)]
mod tests {
    use super::*;

    // BULK-10
    #[test]
    fn a_files_name_is_harmless_and_keeps_its_letters() {
        let header = attachment("Müller \"../\r\nx.csv").to_string();
        assert_eq!(header, "attachment; filename=\"M_ller _..___x.csv\"; filename*=UTF-8''M%C3%BCller%20_..___x.csv");
    }
}
