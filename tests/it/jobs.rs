//! Reassignment jobs over the API: making, changing, switching, running, and what is refused (SPEC JOB-1, JOB-7).

use std::time::Duration;

use baton::domain::Actor;
use baton::domain::id::UserId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{TestApp, on_each_database};

const CREATE: &str = "mutation($input: CreateReassignmentJobInput!) { createReassignmentJob(input: $input) {
    reassignmentJob { id version enabled position elapsedSeconds upperAgeSeconds algorithm ranking fallback warnBeforeSeconds
        notifyNewOwner interface { name } } userErrors { path code message } } }";
const UPDATE: &str = "mutation($input: UpdateReassignmentJobInput!) { updateReassignmentJob(input: $input) {
    reassignmentJob { name elapsedSeconds warnBeforeSeconds } userErrors { path code message } } }";
const ENABLE: &str = "mutation($input: ReassignmentJobInput!) { enableReassignmentJob(input: $input) {
    reassignmentJob { enabled } userErrors { path code message } } }";
const DISABLE: &str = "mutation($input: ReassignmentJobInput!) { disableReassignmentJob(input: $input) {
    reassignmentJob { enabled } userErrors { path code message } } }";
const REMOVE: &str = "mutation($input: ReassignmentJobInput!) { removeReassignmentJob(input: $input) {
    removedId userErrors { path code message } } }";
const RUN: &str = "mutation($input: RunReassignmentJobInput!) { runReassignmentJob(input: $input) {
    jobRun { id state cause } userErrors { path code message } } }";

async fn run(app: &TestApp, actor: &Actor, document: &str, input: Value) -> Value {
    let mut data = app.graphql(actor, document, json!({ "input": input })).await;
    data.as_object_mut().unwrap().values_mut().next().unwrap().take()
}

fn code(answer: &Value) -> &str {
    answer["userErrors"][0]["code"].as_str().unwrap_or_default()
}

async fn interface(app: &TestApp, name: &str, publish: bool) -> String {
    let create = "mutation($input: CreateReassignmentInterfaceInput!) { createReassignmentInterface(input: $input) {
        reassignmentInterface { id } } }";
    let made = run(app, &app.admin(), create, json!({ "name": name, "definition": {} })).await;
    let id = made["reassignmentInterface"]["id"].as_str().unwrap().to_owned();
    if publish {
        let publish =
            "mutation($input: PublishReassignmentInterfaceInput!) { publishReassignmentInterface(input: $input) {
            userErrors { message } } }";
        run(app, &app.admin(), publish, json!({ "interfaceId": id })).await;
    }
    id
}

async fn job(app: &TestApp, name: &str, settings: Value) -> String {
    let made = run(app, &app.admin(), CREATE, json!({ "name": name, "settings": settings })).await;
    assert_eq!(made["userErrors"], json!([]), "{made:#}");
    made["reassignmentJob"]["id"].as_str().unwrap().to_owned()
}

// JOB-1
#[tokio::test]
async fn a_new_job_is_disabled_and_last_and_says_what_it_does() {
    on_each_database(async |app| {
        let of = interface(app, "Nearby", true).await;
        job(app, "First", json!({ "elapsedSeconds": 60, "interfaceId": of })).await;
        let settings =
            json!({ "elapsedSeconds": 3600, "interfaceId": of, "algorithm": "BLAST", "warnBeforeSeconds": 600 });
        let made = run(app, &app.admin(), CREATE, json!({ "name": "Hourly", "settings": settings })).await;
        let made = &made["reassignmentJob"];
        assert_eq!((&made["enabled"], &made["position"]), (&json!(false), &json!(1)));
        assert_eq!((&made["upperAgeSeconds"], &made["warnBeforeSeconds"]), (&json!(604_800), &json!(600)));
        assert_eq!((&made["fallback"], &made["interface"]["name"]), (&json!("LEAVE"), &json!("Nearby")));
    })
    .await;
}

// JOB-1, EXPR-2
#[tokio::test]
async fn every_problem_of_a_job_is_named_with_its_place() {
    on_each_database(async |app| {
        let admin = app.admin();
        let settings = json!({ "elapsedSeconds": 3600, "upperAgeSeconds": 60, "warnBeforeSeconds": 3600,
            "interfaceId": "ifc_00000000000000000000000000000001", "condition": "lead.rund == 1", "blastSize": -1 });
        let refused = run(app, &admin, CREATE, json!({ "name": "", "settings": settings })).await;
        let found: Vec<(&str, &str)> = refused["userErrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                let path = error["path"].as_array().unwrap();
                (path.last().unwrap().as_str().unwrap(), error["code"].as_str().unwrap())
            })
            .collect();
        let expected = [
            ("name", "REQUIRED"),
            ("upperAgeSeconds", "OUT_OF_RANGE"),
            ("warnBeforeSeconds", "OUT_OF_RANGE"),
            ("blastSize", "OUT_OF_RANGE"),
            ("interfaceId", "NOT_FOUND"),
            ("condition", "EXPRESSION"),
        ];
        assert_eq!(found, expected);
        assert_eq!(refused["userErrors"][5]["path"], json!(["settings", "condition"]));
        assert!(refused["userErrors"][5]["message"].as_str().unwrap().starts_with("1:1: "), "{refused}");
    })
    .await;
}

// JOB-1
#[tokio::test]
async fn a_job_is_switched_on_only_when_it_could_act() {
    on_each_database(async |app| {
        let admin = app.admin();
        let draft = interface(app, "Draft", false).await;
        let id =
            job(app, "Hourly", json!({ "elapsedSeconds": 3600, "interfaceId": draft, "fallback": "DEFAULT_DEALER" }))
                .await;
        let refused = run(app, &admin, ENABLE, json!({ "jobId": id })).await;
        let codes: Vec<&Value> =
            refused["userErrors"].as_array().unwrap().iter().map(|error| &error["path"][0]).collect();
        assert_eq!(codes, [&json!("interfaceId"), &json!("fallback")]);
        let published = interface(app, "Published", true).await;
        let change = json!({ "jobId": id, "settings": { "interfaceId": published, "fallback": "LEAVE" } });
        assert_eq!(run(app, &admin, UPDATE, change).await["userErrors"], json!([]));
        assert_eq!(run(app, &admin, ENABLE, json!({ "jobId": id })).await["reassignmentJob"]["enabled"], json!(true));
        assert_eq!(run(app, &admin, DISABLE, json!({ "jobId": id })).await["reassignmentJob"]["enabled"], json!(false));
    })
    .await;
}

// JOB-1, JOB-2: leads that waited before the job was switched on fall due by it, and a later change moves their deadline forward.
#[tokio::test]
async fn switching_a_job_on_or_changing_it_counts_for_leads_that_wait() {
    on_each_database(async |app| {
        let (ann, _) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        let lead = app.offered_lead(ann).await;
        app.work().await;
        assert_eq!(app.lead(lead).await.due_at, None);
        let of = interface(app, "Nearby", true).await;
        let id =
            job(app, "Hourly", json!({ "elapsedSeconds": 3600, "interfaceId": of, "warnBeforeSeconds": 600 })).await;
        run(app, &app.admin(), ENABLE, json!({ "jobId": id })).await;
        let offered_at = app.lead(lead).await.times.offered_at.unwrap();
        let armed = app.lead(lead).await;
        assert_eq!(
            (armed.due_at, armed.warn_at),
            (Some(offered_at + Duration::from_hours(1)), Some(offered_at + Duration::from_mins(50)))
        );
        run(app, &app.admin(), UPDATE, json!({ "jobId": id, "settings": { "elapsedSeconds": 1800 } })).await;
        assert_eq!(app.lead(lead).await.due_at, Some(offered_at + Duration::from_mins(30)));
        app.advance(Duration::from_mins(30));
        app.work().await;
        assert_eq!(app.lead(lead).await.state.as_str(), "EXPIRED");
    })
    .await;
}

// JOB-7
#[tokio::test]
async fn a_dry_run_writes_nothing_and_a_run_does_what_it_said() {
    on_each_database(async |app| {
        let admin = app.admin();
        let (ann, _) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        let lead = app.offered_lead(ann).await;
        app.work().await;
        let of = interface(app, "Nearby", true).await;
        let id = job(app, "Hourly", json!({ "elapsedSeconds": 3600, "interfaceId": of })).await;
        app.advance(Duration::from_hours(1));
        let dry = "query($id: ID!) { dryRunReassignmentJob(jobId: $id) { dryRun { examined reassigned isCut moves {
            lead { id } outcome reason recipients { dealer { name } } candidates { rank } } skipped { reason count } } userErrors { code } } }";
        let answer = app.graphql(&admin, dry, json!({ "id": id })).await;
        let planned = &answer["dryRunReassignmentJob"]["dryRun"];
        assert_eq!((&planned["reassigned"], &planned["moves"][0]["lead"]["id"]), (&json!(1), &json!(lead)));
        assert_eq!(planned["moves"][0]["recipients"][0]["dealer"]["name"], json!("Bob"));
        assert_eq!(app.lead(lead).await.state.as_str(), "OFFERED");

        let queued = run(app, &admin, RUN, json!({ "jobId": id })).await;
        assert_eq!((&queued["jobRun"]["state"], &queued["jobRun"]["cause"]), (&json!("QUEUED"), &json!("MANUAL")));
        assert_eq!(code(&run(app, &admin, RUN, json!({ "jobId": id })).await), "WRONG_STATE");
        app.work().await;
        assert_eq!(app.lead(lead).await.state.as_str(), "EXPIRED");
        let query = "query($id: ID!) { reassignmentJob(id: $id) { latestRun { state reassigned } runs(first: 5) { totalCount } } }";
        let after = app.graphql(&admin, query, json!({ "id": id })).await;
        let latest = json!({ "state": "DONE", "reassigned": 1 });
        assert_eq!((&after["reassignmentJob"]["latestRun"], &after["reassignmentJob"]["runs"]["totalCount"]), (&latest, &json!(1)));
        // What did something stays readable.
        let refused = run(app, &admin, REMOVE, json!({ "jobId": id })).await;
        assert!(refused["userErrors"][0]["message"].as_str().unwrap().contains("disable it instead"), "{refused}");
        let decisions = "query($id: ID!) { lead(id: $id) { decisions { outcome reason algorithm interfaceNumber job { name }
            considered excluded { reasons { reason count } } candidates { label } } } }";
        let seen = app.graphql(&admin, decisions, json!({ "id": lead })).await;
        let last = seen["lead"]["decisions"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["outcome"], &last["job"]["name"]), (&json!("ASSIGNED"), &json!("Hourly")));
        let hidden = app.graphql(&app.dealer(ann), decisions, json!({ "id": lead })).await;
        assert_eq!(hidden["lead"]["decisions"], json!([]));
    })
    .await;
}

// ALLOC-4, AUTH-2
#[tokio::test]
async fn only_admins_change_jobs_and_nobody_sees_anothers() {
    on_each_database(async |app| {
        let of = interface(app, "Nearby", true).await;
        let id = job(app, "Hourly", json!({ "elapsedSeconds": 3600, "interfaceId": of })).await;
        let user = UserId(Uuid::from_u128(5));
        for actor in [app.manager(user), app.auditor(), app.member(user), app.partner("web")] {
            assert_eq!(code(&run(app, &actor, ENABLE, json!({ "jobId": id })).await), "FORBIDDEN", "{}", actor.role);
            assert_eq!(code(&run(app, &actor, RUN, json!({ "jobId": id })).await), "FORBIDDEN", "{}", actor.role);
        }
        let by_id = format!("{{ reassignmentJob(id: \"{id}\") {{ name }} node(id: \"{id}\") {{ id }} }}");
        for (actor, sees) in [(app.auditor(), true), (app.member(user), false)] {
            let found = app.graphql(&actor, &by_id, json!({})).await;
            assert_eq!(
                (found["reassignmentJob"].is_object(), found["node"].is_object()),
                (sees, sees),
                "{}",
                actor.role
            );
        }
        let other = app.another_tenant("borealis").await;
        let stranger = app.in_tenant(other.id, app.admin());
        assert_eq!(app.graphql(&stranger, &by_id, json!({})).await["reassignmentJob"], Value::Null);
        assert_eq!(code(&run(app, &stranger, ENABLE, json!({ "jobId": id })).await), "NOT_FOUND");
    })
    .await;
}
