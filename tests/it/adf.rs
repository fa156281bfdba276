//! Leads as ADF 1.0: what partners send to `/adf`, what they are answered, and what becomes of it (SEND-5, BULK-10).

use std::fs;
use std::path::PathBuf;

use baton::actions::adf::{self, Outcome, Sender, TakenIn};
use baton::domain::Actor;
use baton::domain::lead::{LeadState, Recipient};
use baton::domain::request::Request;
use baton::store::{Scope, leads, requests};
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/adf"))
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

/// Status and body of what came back.
async fn post(app: &TestApp, actor: &Actor, kind: &str, document: impl Into<Vec<u8>>) -> (u16, Value) {
    let url = format!("http://{}/adf", app.server().address);
    let request = reqwest::Client::new().post(url).bearer_auth(app.token(actor)).header("content-type", kind);
    let answer = request.body(document.into()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn send(app: &TestApp, document: impl Into<Vec<u8>>) -> (u16, Value) {
    post(app, &app.partner("portal"), "application/xml", document).await
}

/// The request behind a prospect of an answer.
async fn request_of(app: &TestApp, prospect: &Value) -> Request {
    let lead = app.lead(prospect["leadId"].as_str().unwrap().parse().unwrap()).await;
    requests::lookup(app.store().reader(), app.tenant.id, lead.request).await.unwrap().unwrap()
}

async fn lead_count(app: &TestApp) -> u64 {
    let scope = Scope::system(app.tenant.id);
    leads::count(app.store().reader(), &scope, &leads::LeadFilter::default(), 1_000).await.unwrap()
}

fn expected_prospect(name: &str, expect: &Value, request: &Request) {
    let told = |field: &str| expect.get(field).and_then(Value::as_str).map(str::to_owned);
    let person = &request.person;
    if let Some(make) = told("make") {
        assert_eq!(request.interest.brand.as_deref(), Some(make.as_str()), "{name}");
    }
    for field in ["model", "year"] {
        if let Some(text) = told(field) {
            assert!(request.interest.product.as_ref().unwrap().contains(&text), "{name}: {text}");
        }
    }
    for (field, found) in [
        ("name", Some(person.name())),
        ("phone", person.phone.clone()),
        ("country", Some(request.address.country.to_string())),
    ] {
        if let Some(text) = told(field) {
            assert_eq!(found, Some(text), "{name}: {field}");
        }
    }
    if let Some(email) = told("email") {
        assert!(person.email.as_ref().unwrap().eq_ignore_ascii_case(&email), "{name}");
    }
    let code = request.address.postal_code.as_ref().map(|code| code.as_str().to_owned());
    if let Some(zip) = told("zip5") {
        assert_eq!(code.as_deref(), Some(zip.as_str()), "{name}");
    }
    if expect.get("postalcode").is_some_and(Value::is_null) {
        assert_eq!(code, None, "{name}");
    }
    if let Some(make) = told("trade_make") {
        let comments = request.comments.as_ref().unwrap();
        assert!(comments.contains("Trade-in:") && comments.contains(&make), "{name}: {comments}");
    }
}

// SEND-5, BULK-10: every sample, as `expected.json` says.
#[tokio::test]
async fn every_sample_becomes_the_leads_that_it_says() {
    on_each_database(async |app: &TestApp| {
        let expected: Value = serde_json::from_slice(&sample("expected.json")).unwrap();
        for (name, case) in expected.as_object().unwrap() {
            let expect = &case["expect"];
            // Each in a source of its own, so that the same ids in two samples are two leads.
            let partner = app.partner(name);
            let is_mail = case["mail"] == true;
            let kind = if is_mail { "message/rfc822" } else { "application/xml; charset=utf-8" };
            let (status, answer) = post(app, &partner, kind, sample(name)).await;
            if expect["error"] == true || expect["reject_or_no_expand"] == true {
                assert_eq!((status, &answer["code"]), (400, &json!("MALFORMED")), "{name}: {answer:#}");
                assert!(answer["line"].is_u64() && answer["column"].is_u64(), "{name}: {answer:#}");
                assert!(!answer.to_string().contains("root:"), "{name}");
                continue;
            }
            assert_eq!(status, 201, "{name}: {answer:#}");
            let prospects = answer["prospects"].as_array().unwrap();
            assert_eq!(json!(prospects.len()), expect["leads"], "{name}");
            let request = request_of(app, &prospects[0]).await;
            assert_eq!(request.source, *name);
            expected_prospect(name, expect, &request);
            if let Some(zips) = expect["zips"].as_array() {
                let outcomes: Vec<&Value> = prospects.iter().map(|prospect| &prospect["outcome"]).collect();
                assert_eq!(outcomes, ["CREATED", "CREATED", "KNOWN"], "the third is the first, sent again");
                assert_eq!(prospects[0]["leadId"], prospects[2]["leadId"]);
                let second = request_of(app, &prospects[1]).await;
                assert_eq!(json!(second.address.postal_code.unwrap().as_str()), zips[1]);
            }
        }
        app.leaves_work();
    })
    .await;
}

// SEND-5, ALLOC-1
#[tokio::test]
async fn a_lead_goes_to_the_dealer_that_it_names_and_is_told_of() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let found = baton::store::dealers::lookup(app.store().reader(), app.tenant.id, dealer).await.unwrap().unwrap();
        let named = |number: &str| {
            format!(
                "<adf><prospect><id source=\"Portal\">X-{number}</id><requestdate>2026-11-21T06:30:00</requestdate>
                <customer><contact><name part=\"full\">Jo Roe</name><phone>555-0100</phone></contact></customer>
                <vendor><id>{number}</id></vendor></prospect></adf>"
            )
        };
        let (status, answer) = send(app, named(&found.number)).await;
        assert_eq!((status, &answer["prospects"][0]["warnings"]), (201, &json!([])), "{answer:#}");
        let lead = app.lead(answer["prospects"][0]["leadId"].as_str().unwrap().parse().unwrap()).await;
        assert_eq!((lead.state, lead.recipient), (LeadState::Offered, Some(Recipient::Dealer(dealer))));
        assert_eq!(lead.received_at.to_string(), "2026-11-21T11:30:00Z", "without a zone it is the tenant's");
        app.work().await;
        assert_eq!(app.mails_to("ann@example.org").len(), 1);

        let (status, answer) = send(app, named("no-such")).await;
        let warning = &answer["prospects"][0]["warnings"][0];
        assert_eq!((status, &warning["element"]), (201, &json!("adf/prospect/vendor")), "{answer:#}");
        assert_eq!(warning["message"], "`no-such` is no dealer's number; the lead goes where others go");
        let lead = app.lead(answer["prospects"][0]["leadId"].as_str().unwrap().parse().unwrap()).await;
        assert!(lead.exception.is_some(), "there is no default dealer: it stands among the exceptions");
        // What is imported from files sends nothing.
        let admin = app.admin();
        let prospects = adf::read(named(&found.number).replace("X-", "Y-").as_bytes()).unwrap();
        let taken = adf::take_in(app.context(), Sender { actor: &admin, notify: false }, prospects).await.unwrap();
        assert!(matches!(taken[0].outcome, Outcome::Created(_)));
        app.work().await;
        assert_eq!(app.mails_to("ann@example.org").len(), 1);
    })
    .await;
}

// SEND-5, JOB-6: also when it is sent twice at the same moment.
#[tokio::test]
async fn a_document_that_is_sent_again_is_the_lead_that_it_was() {
    on_each_database(async |app: &TestApp| {
        let document = || sample("02_spec_minimal.xml");
        let answers = futures_util::future::join_all((0..4).map(|_| send(app, document()))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 201], "{answers:#?}");
        let ids: std::collections::HashSet<String> =
            answers.iter().map(|(_, answer)| answer["prospects"][0]["leadId"].to_string()).collect();
        assert_eq!((ids.len(), lead_count(app).await), (1, 1));
        let (status, other) = post(app, &app.partner("another"), "text/xml", document()).await;
        assert_eq!((status, lead_count(app).await), (201, 2), "another source's lead is another lead: {other}");
        app.leaves_work();
    })
    .await;
}

// SEND-5, API-5, ALLOC-4
#[tokio::test]
async fn what_is_wrong_with_a_delivery_is_told_with_its_status() {
    on_each_database(async |app: &TestApp| {
        let document = || sample("02_spec_minimal.xml");
        let partner = app.partner("portal");
        let dealer = app.new_dealer("Ann").await;
        for (actor, kind, body, status, code) in [
            (&app.dealer(dealer), "application/xml", document(), 403, "FORBIDDEN"),
            (&app.auditor(), "application/xml", document(), 403, "FORBIDDEN"),
            (&partner, "application/json", document(), 415, "UNSUPPORTED_MEDIA_TYPE"),
            (&partner, "application/xml", b"<adf>".to_vec(), 400, "MALFORMED"),
            (&partner, "application/xml", vec![b' '; adf::BYTES_MAX + 1], 413, "LIMIT_EXCEEDED"),
        ] {
            let (found, answer) = post(app, actor, kind, body).await;
            assert_eq!((found, answer["code"].as_str()), (status, Some(code)), "{answer:#}");
            assert_eq!((&answer["status"], answer["detail"].as_str().unwrap().len() > 20), (&json!(status), true), "{answer:#}");
        }
        let url = format!("http://{}/adf", app.server().address);
        let client = reqwest::Client::new();
        let nobody = client.post(&url).header("content-type", "text/xml").body(document()).send().await.unwrap();
        assert_eq!((nobody.status().as_u16(), &nobody.headers()["www-authenticate"]), (401, &"Bearer".parse().unwrap()));
        let read = client.get(&url).send().await.unwrap();
        assert_eq!((read.status().as_u16(), &read.headers()["allow"]), (405, &"POST".parse().unwrap()));
        assert_eq!(lead_count(app).await, 0, "nothing of all that was taken");

        let unreachable = "<adf>\n<prospect>\n<customer><contact><name>Jo Roe</name></contact></customer></prospect>\n</adf>";
        let (status, answer) = send(app, unreachable).await;
        let refused = &answer["prospects"][0];
        assert_eq!((status, &refused["outcome"], &refused["leadId"]), (422, &json!("REFUSED"), &Value::Null));
        let problem = &refused["problems"][0];
        assert_eq!((&problem["line"], &problem["element"]), (&json!(2), &json!("adf/prospect")), "{answer:#}");
        let both = unreachable.replace("</adf>", "<prospect><customer><contact><phone>5550100</phone><address><postalcode>??</postalcode><country>Atlantis</country></address></contact></customer></prospect></adf>");
        let (status, answer) = send(app, both).await;
        assert_eq!((status, &answer["prospects"][1]["outcome"]), (207, &json!("CREATED")), "{answer:#}");
        let elements: Vec<&Value> =
            answer["prospects"][1]["warnings"].as_array().unwrap().iter().map(|warning| &warning["element"]).collect();
        let address = "adf/prospect/customer/contact/address";
        assert!(elements.contains(&&json!(format!("{address}/country"))), "{answer:#}");
        assert!(elements.contains(&&json!(format!("{address}/postalcode"))), "{answer:#}");
        app.leaves_work();
    })
    .await;
}

// BULK-10: a partner that stands for one dealer hands in to that one, whatever the document says.
#[tokio::test]
async fn a_dealers_partner_hands_in_to_its_own_dealer() {
    on_each_database(async |app: &TestApp| {
        let (own, other) = (app.new_dealer("Ann").await, app.new_dealer("Bea").await);
        let number = baton::store::dealers::lookup(app.store().reader(), app.tenant.id, other).await.unwrap().unwrap().number;
        let partner = Actor { dealer: Some(own), ..app.partner("portal") };
        let document = format!(
            "<adf><prospect><customer><contact><phone>5550100</phone></contact></customer><vendor><id>{number}</id></vendor></prospect></adf>"
        );
        let prospects = adf::read(document.as_bytes()).unwrap();
        let sender = Sender { actor: &partner, notify: false };
        let taken: Vec<TakenIn> = adf::take_in(app.context(), sender, prospects).await.unwrap();
        let Outcome::Created(lead) = taken[0].outcome else { panic!("{taken:?}") };
        assert_eq!(app.lead(lead).await.recipient, Some(Recipient::Dealer(own)));
    })
    .await;
}
