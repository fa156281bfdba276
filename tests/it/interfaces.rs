//! Reassignment Interfaces over the API: drafts, versions, previews, explanations, and what is refused (SPEC §3, EXPR-2).

use std::time::Duration;

use baton::domain::Actor;
use baton::domain::id::UserId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{TestApp, on_each_database};

const CREATE: &str = "mutation($input: CreateReassignmentInterfaceInput!) { createReassignmentInterface(input: $input) {
    reassignmentInterface { id version draft { filter limit sort { expression direction nulls } radius { km miles isNearest } } published { number } }
    diagnostics { path line column length message suggestion } userErrors { path code message } } }";
const UPDATE: &str = "mutation($input: UpdateReassignmentInterfaceInput!) { updateReassignmentInterface(input: $input) {
    reassignmentInterface { id version name draft { filter } } diagnostics { line } userErrors { path code message } } }";
const PUBLISH: &str =
    "mutation($input: PublishReassignmentInterfaceInput!) { publishReassignmentInterface(input: $input) {
    reassignmentInterface { id version draft { filter } published { number note publishedBy definition { filter } }
        versions { number } } userErrors { path code message } } }";
const RESTORE: &str = "mutation($input: RestoreInterfaceVersionInput!) { restoreInterfaceVersion(input: $input) {
    reassignmentInterface { draft { filter } } userErrors { path code message } } }";
const DISCARD: &str = "mutation($input: ReassignmentInterfaceInput!) { discardInterfaceDraft(input: $input) {
    reassignmentInterface { draft { filter } } userErrors { path code message } } }";
const REMOVE: &str = "mutation($input: ReassignmentInterfaceInput!) { removeReassignmentInterface(input: $input) {
    removedId userErrors { path code message } } }";
const PREVIEW: &str = "query($input: PreviewInterfaceInput!) { previewInterface(input: $input) {
    preview { considered matched problem point { lat lon } excluded { reasons { reason count } terms { term count } }
        candidates { rank label distanceKm distanceMiles keys dealer { name } user { id } } tookMilliseconds }
    diagnostics { path line column } userErrors { path code message } } }";
const EXPLAIN: &str = "query($input: ExplainCandidateInput!) { explainCandidate(input: $input) {
    explanation { label rank exclusions { reason because } distanceMiles
        terms { place parentPlace depth term truth value reads { path value } }
        keys { expression direction value terms { term value reads { path value } } } }
    userErrors { path code message } } }";

async fn run(app: &TestApp, actor: &Actor, document: &str, input: Value) -> Value {
    let mut data = app.graphql(actor, document, json!({ "input": input })).await;
    data.as_object_mut().unwrap().values_mut().next().unwrap().take()
}

/// Gold and silver dealers at known distances from Boston's 02138, with ratings.
async fn some_network(app: &TestApp) {
    let admin = app.admin();
    let category = "mutation { createCategory(input: { key: \"tier\", choices: [\"Gold\", \"Silver\"] }) { userErrors { message } } }";
    app.graphql(&admin, category, json!({})).await;
    let create = "mutation($input: CreateDealerInput!) { createDealer(input: $input) { dealer { id } userErrors { path message } } }";
    let contact =
        "mutation($input: CreateContactInput!) { createContact(input: $input) { userErrors { path message } } }";
    for (number, tier, rating, code) in [
        ("1", "Gold", 4.5, "02108"),
        ("2", "Silver", 4.5, "01608"),
        ("3", "Gold", 3.0, "02108"),
        ("4", "Gold", 5.0, "90001"),
    ] {
        let dealer = json!({ "number": number, "name": format!("Dealer {number}"), "postalCode": code, "rating": rating,
            "categories": [{ "key": "tier", "value": tier }] });
        let made = run(app, &admin, create, dealer).await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
        let email = format!("dealer{number}@example.org");
        let made = run(
            app,
            &admin,
            contact,
            json!({ "dealerId": made["dealer"]["id"], "kind": "TO", "name": "Ann", "email": email }),
        )
        .await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
    }
}

fn story() -> Value {
    json!({
        "filter": "dealer.category.tier in ['Gold', 'Silver'] && dealer.rating >= 4.0",
        "radius": { "miles": 100.0 },
        "sort": [
            { "expression": "dealer.rating", "direction": "DESC" },
            { "expression": "dealer.distance_km" },
        ],
    })
}

async fn created(app: &TestApp, name: &str, definition: Value) -> String {
    let made = run(app, &app.admin(), CREATE, json!({ "name": name, "definition": definition })).await;
    assert_eq!(made["userErrors"], json!([]), "{made:#}");
    made["reassignmentInterface"]["id"].as_str().unwrap().to_owned()
}

fn code(answer: &Value) -> &str {
    answer["userErrors"][0]["code"].as_str().unwrap_or_default()
}

// IFACE-1
#[tokio::test]
async fn an_interface_goes_from_draft_to_versions_and_back() {
    on_each_database(async |app| {
        some_network(app).await;
        let admin = app.admin();
        let id = created(app, "Nearby", json!({ "filter": "dealer.rating >= 1.0" })).await;
        let first = run(app, &admin, PUBLISH, json!({ "interfaceId": id, "note": "first" })).await;
        let first = &first["reassignmentInterface"];
        assert_eq!(first["draft"], Value::Null);
        assert_eq!((&first["published"]["number"], &first["published"]["note"]), (&json!(1), &json!("first")));
        assert_eq!(first["published"]["publishedBy"], json!(admin.name));
        // Nothing differs, so there is nothing to publish.
        assert_eq!(code(&run(app, &admin, PUBLISH, json!({ "interfaceId": id })).await), "WRONG_STATE");

        let change = json!({ "interfaceId": id, "name": "Near", "definition": { "filter": "dealer.rating >= 2.0" } });
        let changed = run(app, &admin, UPDATE, change).await;
        assert_eq!(changed["reassignmentInterface"]["name"], json!("Near"));
        assert_eq!(changed["reassignmentInterface"]["draft"]["filter"], json!("dealer.rating >= 2.0"));
        let second = run(app, &admin, PUBLISH, json!({ "interfaceId": id })).await;
        assert_eq!(second["reassignmentInterface"]["versions"], json!([{ "number": 2 }, { "number": 1 }]));

        let restored = run(app, &admin, RESTORE, json!({ "interfaceId": id, "number": 1 })).await;
        assert_eq!(restored["reassignmentInterface"]["draft"]["filter"], json!("dealer.rating >= 1.0"));
        let discarded = run(app, &admin, DISCARD, json!({ "interfaceId": id })).await;
        assert_eq!(discarded["reassignmentInterface"]["draft"], Value::Null);
        // A draft that says what is published is none.
        let restored = run(app, &admin, RESTORE, json!({ "interfaceId": id, "number": 2 })).await;
        assert_eq!(restored["reassignmentInterface"]["draft"], Value::Null);
        assert_eq!(code(&run(app, &admin, RESTORE, json!({ "interfaceId": id, "number": 9 })).await), "NOT_FOUND");
    })
    .await;
}

// EXPR-2, IFACE-1
#[tokio::test]
async fn a_definition_with_problems_is_refused_with_all_of_them_and_their_places() {
    on_each_database(async |app| {
        some_network(app).await;
        let admin = app.admin();
        let broken = json!({ "name": " ", "definition": {
            "filter": "dealer.ratin >= 4.0 &&\n dealer.custom.gone == 1", "radius": { "km": -1.0 }, "limit": 0,
            "sort": [{ "expression": "dealer.rating" }, { "expression": "dealer.brands" }],
        } });
        let refused = run(app, &admin, CREATE, broken).await;
        assert_eq!(refused["reassignmentInterface"], Value::Null);
        let paths: Vec<String> = refused["userErrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                error["path"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| name.as_str().unwrap())
                    .collect::<Vec<_>>()
                    .join(".")
            })
            .collect();
        let expected = [
            "name",
            "definition.radius",
            "definition.limit",
            "definition.filter",
            "definition.filter",
            "definition.sort.1.expression",
        ];
        assert_eq!(paths, expected);
        let places: Vec<(&Value, &Value)> =
            refused["diagnostics"].as_array().unwrap().iter().map(|found| (&found["line"], &found["column"])).collect();
        assert_eq!(places, [(&json!(1), &json!(1)), (&json!(2), &json!(2)), (&json!(1), &json!(1))]);
        assert_eq!(refused["diagnostics"][0]["suggestion"], json!("dealer.rating"));
        let none = app.graphql(&admin, "{ reassignmentInterfaces(first: 5) { totalCount } }", json!({})).await;
        assert_eq!(none["reassignmentInterfaces"]["totalCount"], json!(0));
    })
    .await;
}

// API-3
#[tokio::test]
async fn a_taken_name_a_stale_version_and_a_draft_that_is_all_there_is_are_refused() {
    on_each_database(async |app| {
        let admin = app.admin();
        let id = created(app, "Nearby", json!({})).await;
        let again = run(app, &admin, CREATE, json!({ "name": "Nearby", "definition": {} })).await;
        assert_eq!((code(&again), &again["userErrors"][0]["path"]), ("TAKEN", &json!(["name"])));
        let stale = json!({ "interfaceId": id, "description": "x", "expectedVersion": 7 });
        assert_eq!(code(&run(app, &admin, UPDATE, stale).await), "CONFLICT");
        assert_eq!(code(&run(app, &admin, DISCARD, json!({ "interfaceId": id })).await), "WRONG_STATE");
        let missing = json!({ "interfaceId": "ifc_00000000000000000000000000000001" });
        assert_eq!(code(&run(app, &admin, PUBLISH, missing).await), "NOT_FOUND");
    })
    .await;
}

// IFACE-5, IFACE-3, IFACE-4
#[tokio::test]
async fn a_preview_ranks_counts_and_follows_the_network() {
    on_each_database(async |app| {
        some_network(app).await;
        let admin = app.admin();
        let id = created(app, "Story", story()).await;
        let place = json!({ "source": { "interfaceId": id }, "subject": { "place": { "postalCode": "02138" } } });
        let found = run(app, &admin, PREVIEW, place.clone()).await["preview"].take();
        let order: Vec<&Value> = found["candidates"].as_array().unwrap().iter().map(|one| &one["dealer"]["name"]).collect();
        assert_eq!(order, [&json!("Dealer 1"), &json!("Dealer 2")]);
        assert_eq!(found["candidates"][0]["keys"][0], json!(4.5));
        assert!(found["candidates"][1]["distanceMiles"].as_f64().unwrap() > 30.0);
        let reasons = json!([{ "reason": "OUTSIDE_RADIUS", "count": 1 }, { "reason": "FILTER_NOT_MATCHED", "count": 1 }]);
        assert_eq!(found["excluded"]["reasons"], reasons);
        assert_eq!(found["excluded"]["terms"], json!([{ "term": "dealer.rating >= 4.0", "count": 1 }]));
        assert_eq!((&found["considered"], &found["matched"]), (&json!(4), &json!(2)));

        // A write to the network counts at once.
        let dealers = app.graphql(&admin, "{ dealerByNumber(number: \"1\") { id } }", json!({})).await;
        let close = "mutation($input: UpdateDealerInput!) { updateDealer(input: $input) { userErrors { message } } }";
        run(app, &admin, close, json!({ "dealerId": dealers["dealerByNumber"]["id"], "acceptsLeads": false })).await;
        let after = run(app, &admin, PREVIEW, place).await["preview"].take();
        assert_eq!(after["candidates"][0]["dealer"]["name"], json!("Dealer 2"));
        assert_eq!(after["excluded"]["reasons"][0], json!({ "reason": "NOT_ACCEPTING", "count": 1 }));

        // Nobody knows where ZIP 00000 is.
        let nowhere = json!({ "source": { "unsaved": { "definition": story() } }, "subject": { "place": { "postalCode": "00000" } } });
        let nowhere = run(app, &admin, PREVIEW, nowhere).await["preview"].take();
        assert_eq!((&nowhere["problem"], &nowhere["matched"]), (&json!("NO_POINT"), &json!(0)));
    })
    .await;
}

// IFACE-5
#[tokio::test]
async fn a_preview_for_a_lead_leaves_out_who_had_it_and_says_what_is_wrong_with_a_question() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let other = app.new_dealer("Bob").await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let admin = app.admin();
        let unsaved = |definition: Value, subject: Value| {
            json!({ "source": { "unsaved": { "definition": definition } }, "subject": subject })
        };
        let found = run(app, &admin, PREVIEW, unsaved(json!({}), json!({ "leadId": lead }))).await["preview"].take();
        assert_eq!(found["candidates"].as_array().unwrap().len(), 1);
        assert_eq!(found["candidates"][0]["dealer"]["name"], json!("Bob"), "{other}");
        assert_eq!(found["excluded"]["reasons"], json!([{ "reason": "ALREADY_RECIPIENT", "count": 1 }]));
        let broken = run(app, &admin, PREVIEW, unsaved(json!({ "filter": "dealer.x" }), json!({ "leadId": lead }))).await;
        assert_eq!((code(&broken), &broken["diagnostics"][0]["column"]), ("EXPRESSION", &json!(1)));
        let place = json!({ "place": { "custom": { "nothing": 1 } } });
        let wrong = run(app, &admin, PREVIEW, unsaved(json!({}), place)).await;
        assert_eq!(wrong["userErrors"][0]["path"], json!(["place", "custom", "nothing"]));
        let missing = json!({ "leadId": "lead_00000000000000000000000000000001" });
        assert_eq!(code(&run(app, &admin, PREVIEW, unsaved(json!({}), missing)).await), "NOT_FOUND");
    })
    .await;
}

// IFACE-6
#[tokio::test]
async fn why_and_why_not_are_told_with_the_values_that_were_read() {
    on_each_database(async |app| {
        some_network(app).await;
        let admin = app.admin();
        let ask = async |number: &str| {
            let query = format!("{{ dealerByNumber(number: \"{number}\") {{ id }} }}");
            let dealer = app.graphql(&admin, &query, json!({})).await;
            let input = json!({ "source": { "unsaved": { "definition": story() } },
                "subject": { "place": { "postalCode": "02138" } }, "dealerId": dealer["dealerByNumber"]["id"] });
            run(app, &admin, EXPLAIN, input).await["explanation"].take()
        };
        let second = ask("2").await;
        assert_eq!((&second["rank"], &second["exclusions"]), (&json!(2), &json!([])));
        assert_eq!(second["keys"][0]["expression"], json!("dealer.rating"));
        assert_eq!((&second["keys"][0]["direction"], &second["keys"][0]["value"]), (&json!("DESC"), &json!("4.5")));
        let low = ask("3").await;
        let because = "`dealer.rating >= 4.0` is false: `dealer.rating` is 3.0";
        assert_eq!(low["rank"], Value::Null);
        assert_eq!(low["exclusions"], json!([{ "reason": "FILTER_NOT_MATCHED", "because": because }]));
        let term = json!({ "place": 1, "parentPlace": null, "depth": 0, "term": "dealer.rating >= 4.0", "truth": "FALSE",
            "value": "false", "reads": [{ "path": "dealer.rating", "value": "3.0" }] });
        assert_eq!(low["terms"][1], term);
        let far = ask("4").await;
        assert_eq!(far["exclusions"][0]["reason"], json!("OUTSIDE_RADIUS"));
        let because = far["exclusions"][0]["because"].as_str().unwrap();
        assert!(because.starts_with("is ") && because.ends_with("the radius is 160.9 km (100.0 miles)"), "{because}");
        let neither = json!({ "source": { "unsaved": { "definition": {} } }, "subject": { "place": {} } });
        assert_eq!(code(&run(app, &admin, EXPLAIN, neither).await), "REQUIRED");
    })
    .await;
}

// IFACE-6: a value may be missing at the dealer's end or at the lead's, and each is told where it is read.
#[tokio::test]
async fn an_explanation_is_a_tree_whose_unknowns_name_what_is_missing() {
    on_each_database(async |app| {
        some_network(app).await;
        let admin = app.admin();
        let dealer = app.graphql(&admin, "{ dealerByNumber(number: \"1\") { id } }", json!({})).await;
        let filter = "(dealer.capacity_open < 5 || dealer.active && lead.brand == 'Ford') && \
                      (has(lead.campaign) ? false : dealer.name.startsWith('Dealer'))";
        let sort = json!([{ "expression": "dealer.rating / 5.0 + double(dealer.capacity_open)" }]);
        let ask = async |place: Value| {
            let unsaved = json!({ "definition": { "filter": filter, "sort": sort } });
            let input = json!({ "source": { "unsaved": unsaved }, "subject": { "place": place },
                "dealerId": dealer["dealerByNumber"]["id"] });
            run(app, &admin, EXPLAIN, input).await["explanation"].take()
        };
        let told = |explanation: &Value| -> Vec<String> {
            let terms = explanation["terms"].as_array().unwrap().iter();
            terms
                .map(|term| {
                    let text = |name: &str| term[name].as_str().unwrap().to_owned();
                    format!("{} {} {}", term["parentPlace"], text("truth"), text("term"))
                })
                .collect()
        };
        // The customer named no brand, and the dealer has no capacity: unknown on either side.
        let unknown = ask(json!({ "postalCode": "02138" })).await;
        let expected = [
            "null UNKNOWN dealer.capacity_open < 5 || dealer.active && lead.brand == 'Ford'",
            "0 UNKNOWN dealer.capacity_open < 5",
            "0 UNKNOWN dealer.active && lead.brand == 'Ford'",
            "2 UNKNOWN lead.brand == 'Ford'",
            "null TRUE has(lead.campaign) ? false : dealer.name.startsWith('Dealer')",
            "4 FALSE has(lead.campaign)",
            "4 TRUE dealer.name.startsWith('Dealer')",
        ];
        assert_eq!(told(&unknown), expected);
        let reads = json!([{ "path": "lead.brand", "value": "missing" }]);
        assert_eq!((&unknown["terms"][3]["reads"], &unknown["terms"][3]["value"]), (&reads, &json!("missing")));
        assert_eq!(unknown["exclusions"][0]["reason"], json!("FILTER_UNKNOWN"));
        let because = unknown["exclusions"][0]["because"].as_str().unwrap();
        assert!(because.contains("is unknown: `dealer.capacity_open` is missing"), "{because}");
        // What the lead says can decide what the dealer leaves open; the sort key stays missing.
        let known = ask(json!({ "postalCode": "02138", "brand": "Ford" })).await;
        assert_eq!((&known["rank"], &known["exclusions"]), (&json!(1), &json!([])));
        assert_eq!(
            told(&known)[..2],
            ["null TRUE dealer.capacity_open < 5 || dealer.active && lead.brand == 'Ford'", expected[1]]
        );
        assert_eq!(known["keys"][0]["value"], json!("missing"));
        let parts: Vec<(&Value, &Value)> =
            known["keys"][0]["terms"].as_array().unwrap().iter().map(|term| (&term["term"], &term["value"])).collect();
        let (whole, rating, capacity) = (
            "dealer.rating / 5.0 + double(dealer.capacity_open)",
            "dealer.rating / 5.0",
            "double(dealer.capacity_open)",
        );
        let missing = json!("missing");
        assert_eq!(parts, [(&json!(whole), &missing), (&json!(rating), &json!("0.9")), (&json!(capacity), &missing)]);
    })
    .await;
}

// IFACE-6, ALLOC-4
#[tokio::test]
async fn who_does_not_see_mail_addresses_learns_none_from_an_explanation() {
    on_each_database(async |app| {
        let admin = app.admin();
        let user = app.graphql(
            &admin,
            "mutation { createUser(input: { firstName: \"Ann\", lastName: \"Lee\", email: \"ann@example.org\", role: MEMBER }) { user { id } } }",
            json!({}),
        );
        let user = user.await["createUser"]["user"]["id"].clone();
        for definition in
            [json!({ "filter": "user.email != 'x'" }), json!({ "sort": [{ "expression": "lead.owner.email" }] })]
        {
            let unsaved = json!({ "unsaved": { "candidateKind": "USER", "definition": definition } });
            let input = json!({ "source": unsaved, "subject": { "place": {} }, "userId": user });
            let told = run(app, &admin, EXPLAIN, input.clone()).await;
            assert_eq!(told["userErrors"], json!([]));
            let refused = run(app, &app.auditor(), EXPLAIN, input).await;
            assert_eq!((code(&refused), &refused["explanation"]), ("FORBIDDEN", &Value::Null));
            let preview = json!({ "source": unsaved, "subject": { "place": {} } });
            assert_eq!(code(&run(app, &app.auditor(), PREVIEW, preview).await), "FORBIDDEN");
        }
    })
    .await;
}

// IFACE-1
#[tokio::test]
async fn two_states_are_compared_term_by_term() {
    on_each_database(async |app| {
        some_network(app).await;
        let admin = app.admin();
        let rating = json!({ "expression": "dealer.rating", "direction": "DESC" });
        let distance = json!({ "expression": "dealer.distance_km" });
        let first = json!({ "filter": "dealer.rating >= 3.0 && dealer.active", "sort": [rating, distance],
            "radius": { "km": 100.0 }, "limit": 5 });
        let id = created(app, "Compared", first).await;
        run(app, &admin, PUBLISH, json!({ "interfaceId": id })).await;
        let draft = json!({ "filter": "true == dealer.active && dealer.category.tier == 'Gold'",
            "sort": [distance, { "expression": "(dealer.rating)", "direction": "ASC" }],
            "radius": { "nearest": true }, "limit": 5, "sameCountry": false });
        run(app, &admin, UPDATE, json!({ "interfaceId": id, "definition": draft })).await;
        let diff = "query($id: ID!, $from: InterfaceStateInput!, $to: InterfaceStateInput!) {
            reassignmentInterface(id: $id) { diff(from: $from, to: $to) { isSame filter { change term readable }
                sort { change moved readable before { position } after { position level { expression direction } } }
                radius { before { km } after { isNearest } } sameCountry { before after } excludeRecipients { after }
                limit { after } } } }";
        let ask = |from: Value, to: Value| json!({ "id": id, "from": from, "to": to });
        let (published, draft) = (json!({ "number": 1 }), json!({ "draft": true }));
        let found = app.graphql(&admin, diff, ask(published.clone(), draft.clone())).await;
        let found = &found["reassignmentInterface"]["diff"];
        let filter = json!([
            { "change": "KEPT", "term": "true == dealer.active", "readable": true },
            { "change": "ADDED", "term": "dealer.category.tier == 'Gold'", "readable": true },
            { "change": "REMOVED", "term": "dealer.rating >= 3.0", "readable": true },
        ]);
        assert_eq!((&found["filter"], &found["isSame"]), (&filter, &json!(false)));
        let level = |expression: &str, direction: &str| json!({ "expression": expression, "direction": direction });
        let sort = json!([
            { "change": "KEPT", "moved": true, "readable": true, "before": { "position": 2 },
              "after": { "position": 1, "level": level("dealer.distance_km", "ASC") } },
            { "change": "CHANGED", "moved": false, "readable": true, "before": { "position": 1 },
              "after": { "position": 2, "level": level("dealer.rating", "ASC") } },
        ]);
        assert_eq!(found["sort"], sort);
        assert_eq!(found["radius"], json!({ "before": { "km": 100.0 }, "after": { "isNearest": true } }));
        assert_eq!(found["sameCountry"], json!({ "before": true, "after": false }));
        assert_eq!((&found["excludeRecipients"], &found["limit"]), (&Value::Null, &Value::Null));
        let same = app.graphql(&admin, diff, ask(draft.clone(), draft.clone())).await;
        assert_eq!(same["reassignmentInterface"]["diff"]["isSame"], json!(true));
        for (from, words) in [
            (json!({ "number": 2 }), "`from`: there is no version 2, there are 1"),
            (json!({ "draft": false }), "`from`: `draft` can only be true"),
        ] {
            let answer = app.graphql_answer(&admin, diff, ask(from, draft.clone())).await;
            assert!(answer["errors"][0]["message"].as_str().unwrap().contains(words), "{answer:#}");
        }
        run(app, &admin, DISCARD, json!({ "interfaceId": id })).await;
        let answer = app.graphql_answer(&admin, diff, ask(published, draft)).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("`to`: there is no draft"), "{answer:#}");
    })
    .await;
}

// IFACE-8
#[tokio::test]
async fn an_interface_in_use_is_not_removed_and_its_users_are_named() {
    on_each_database(async |app| {
        let admin = app.admin();
        let id = created(app, "Used", json!({})).await;
        let job = "mutation($input: CreateReassignmentJobInput!) { createReassignmentJob(input: $input) {
            reassignmentJob { id } userErrors { path message } } }";
        let made = run(
            app,
            &admin,
            job,
            json!({ "name": "Hourly", "settings": { "elapsedSeconds": 3600, "interfaceId": id } }),
        )
        .await;
        let refused = run(app, &admin, REMOVE, json!({ "interfaceId": id })).await;
        assert_eq!(code(&refused), "IN_USE");
        assert!(refused["userErrors"][0]["message"].as_str().unwrap().contains("`Hourly`"), "{refused}");
        let remove = "mutation($input: ReassignmentJobInput!) { removeReassignmentJob(input: $input) { removedId } }";
        run(app, &admin, remove, json!({ "jobId": made["reassignmentJob"]["id"] })).await;
        assert_eq!(run(app, &admin, REMOVE, json!({ "interfaceId": id })).await["removedId"], json!(id));
    })
    .await;
}

// ALLOC-4, AUTH-2
#[tokio::test]
async fn only_admins_change_interfaces_and_nobody_sees_anothers() {
    on_each_database(async |app| {
        let id = created(app, "Mine", json!({})).await;
        let user = UserId(Uuid::from_u128(5));
        for actor in [app.manager(user), app.auditor(), app.member(user), app.partner("web")] {
            let refused = run(app, &actor, CREATE, json!({ "name": "x", "definition": {} })).await;
            assert_eq!(code(&refused), "FORBIDDEN", "{}", actor.role);
            assert_eq!(refused["diagnostics"], json!([]));
        }
        let by_id = format!("{{ reassignmentInterface(id: \"{id}\") {{ name }} node(id: \"{id}\") {{ id }} }}");
        for (actor, sees) in
            [(app.auditor(), true), (app.manager(user), true), (app.member(user), false), (app.partner("web"), false)]
        {
            let found = app.graphql(&actor, &by_id, json!({})).await;
            assert_eq!(found["reassignmentInterface"].is_object(), sees, "{}", actor.role);
            assert_eq!(found["node"].is_object(), sees, "{}", actor.role);
        }
        let other = app.another_tenant("borealis").await;
        let found = app.graphql(&app.in_tenant(other.id, app.admin()), &by_id, json!({})).await;
        assert_eq!((&found["reassignmentInterface"], &found["node"]), (&Value::Null, &Value::Null));
    })
    .await;
}

// EXPR-2: what an editor asks for.
#[tokio::test]
async fn an_editor_gets_the_names_and_the_problems_of_a_text() {
    on_each_database(async |app| {
        some_network(app).await;
        let admin = app.admin();
        let fields = app
            .graphql(&admin, "{ expressionFields(context: CANDIDATE_DEALER) { path choices valueType } }", json!({}))
            .await;
        let fields = fields["expressionFields"].as_array().unwrap();
        let tier = fields.iter().find(|field| field["path"] == json!("dealer.category.tier")).unwrap();
        assert_eq!(tier["choices"], json!(["Gold", "Silver"]));
        assert!(fields.iter().all(|field| !field["path"].as_str().unwrap().starts_with("user.")));
        let check = "query($text: String!) { checkExpression(text: $text, context: LEAD_CONDITION) {
            canonical terms reads diagnostics { line column message } } }";
        let sound = app.graphql(&admin, check, json!({ "text": "lead.round==0&&lead.brand=='A'" })).await;
        assert_eq!(sound["checkExpression"]["canonical"], json!("lead.round == 0 && lead.brand == 'A'"));
        assert_eq!(sound["checkExpression"]["reads"], json!(["lead.round", "lead.brand"]));
        let broken = app.graphql(&admin, check, json!({ "text": "dealer.rating > 1.0" })).await;
        assert_eq!(broken["checkExpression"]["canonical"], Value::Null);
        assert_eq!(broken["checkExpression"]["diagnostics"][0]["column"], json!(1));
    })
    .await;
}

// BULK-8
#[tokio::test]
async fn the_same_key_publishes_once() {
    on_each_database(async |app| {
        let admin = app.admin();
        let id = created(app, "Once", json!({})).await;
        for _ in 0..2 {
            let done = run(app, &admin, PUBLISH, json!({ "interfaceId": id, "idempotencyKey": "publish-1" })).await;
            assert_eq!(done["reassignmentInterface"]["versions"], json!([{ "number": 1 }]));
            app.advance(Duration::from_secs(1));
        }
    })
    .await;
}
