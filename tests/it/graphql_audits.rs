//! GraphQL over HTTP as the specification has it: all audits of the npm package `graphql-http`, run by Node.

use std::path::Path;
use std::process::Command;

use crate::graphql_server::TestServer;

// API-1
#[actix_web::test]
async fn all_audits_of_graphql_http_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audits");
    assert!(
        folder.join("node_modules").exists(),
        "the audits need their node packages: run `make test`, which installs them, or `npm ci` in tests/audits"
    );
    let server = TestServer::start();
    let url = server.url();
    let audits = move || Command::new("node").arg("run.mjs").arg(url).current_dir(folder).output();
    let output = actix_web::rt::task::spawn_blocking(audits).await.unwrap().expect("`node` starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("61 of 61 audits pass"), "{printed}");
}
