//! The playground at `/playground`: a page for trying the API, served from the binary.
//!
//! It is a client like any other and may do nothing but speak to `/graphql`; its pages load nothing from elsewhere.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Scope, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `make playground` built; empty when this binary was built without it.
#[derive(RustEmbed)]
#[folder = "playground/dist"]
#[allow_missing = true]
struct Files;

/// What the page may load: itself. The editor sets styles from its code and carries its icons as `data:` addresses.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Names under `assets/` carry a hash of their content, so they may be kept for a year.
const CACHE_HASHED: &str = "public, max-age=31536000, immutable";
/// Everything else is asked again each time, and answered with 304 while it is the same.
const CACHE_NAMED: &str = "no-cache";

/// The routes under `/playground`.
pub fn scope() -> Scope {
    web::scope("/playground").route("", web::get().to(serve)).route("/{path:.*}", web::get().to(serve))
}

async fn serve(request: HttpRequest) -> HttpResponse {
    let path = match request.match_info().query("path") {
        "" => "index.html",
        path => path,
    };
    match Files::get(path) {
        Some(file) => found(&request, path, file),
        None if path == "index.html" => not_built(),
        None => HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("no such file"),
    }
}

fn found(request: &HttpRequest, path: &str, file: EmbeddedFile) -> HttpResponse {
    let tag = header::EntityTag::new_strong(URL_SAFE_NO_PAD.encode(file.metadata.sha256_hash()));
    let cache = if path.starts_with("assets/") { CACHE_HASHED } else { CACHE_NAMED };
    let mut response = HttpResponse::Ok();
    if is_known(request, &tag) {
        response = HttpResponse::NotModified();
    }
    response
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header(header::ETag(tag.clone()))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if is_known(request, &tag) {
        return response.finish();
    }
    response.content_type(file.metadata.mimetype()).body(file.data.into_owned())
}

/// Whether the browser already has this content. The comparison is the weak one: compression weakens a tag.
fn is_known(request: &HttpRequest, tag: &header::EntityTag) -> bool {
    match header::Header::parse(request) {
        Ok(header::IfNoneMatch::Any) => true,
        Ok(header::IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

fn not_built() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, CACHE_NAMED))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .body(include_str!("playground/not_built.html"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, body::MessageBody};

    use super::*;

    async fn get(path: &str) -> (StatusCode, header::HeaderMap, String) {
        let app = init_service(App::new().service(scope())).await;
        let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, String::from_utf8_lossy(&read_body(response).await).into_owned())
    }

    #[actix_web::test]
    async fn the_page_is_there_or_says_how_to_build_it_and_loads_nothing_from_elsewhere() {
        for path in ["/playground", "/playground/"] {
            let (status, headers, body) = get(path).await;
            if Files::get("index.html").is_some() {
                assert_eq!(status, StatusCode::OK);
            } else {
                assert_eq!(status, StatusCode::NOT_FOUND);
                assert!(body.contains("make playground"));
            }
            let policy = headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
            assert!(policy.contains("script-src 'self';"), "{policy}");
            assert!(!body.contains("https://"), "{body}");
        }
    }

    #[actix_web::test]
    async fn a_path_out_of_the_folder_is_not_found() {
        for path in ["/playground/../Cargo.toml", "/playground/%2e%2e/%2e%2e/Cargo.toml", "/playground/none.js"] {
            assert_eq!(get(path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[actix_web::test]
    async fn a_file_that_the_browser_has_is_not_sent_again() {
        let file = || EmbeddedFile {
            data: b"x".as_slice().into(),
            metadata: rust_embed::Metadata::__rust_embed_new([7; 32], None, None, "text/javascript"),
        };
        let fresh = found(&TestRequest::default().to_http_request(), "assets/a.js", file());
        assert_eq!(fresh.headers().get(header::CACHE_CONTROL).unwrap(), CACHE_HASHED);
        let tag = fresh.headers().get(header::ETAG).unwrap().clone();
        let again = TestRequest::default().insert_header((header::IF_NONE_MATCH, tag)).to_http_request();
        let known = found(&again, "assets/a.js", file());
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(known.into_body().size(), actix_web::body::BodySize::Sized(0));
    }
}
