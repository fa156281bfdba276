//! Grids over leads, dealers and users: by typed input and by expression, the same rows either way, and what is refused (EXPR-7).

use baton::domain::actor::Actor;
use baton::domain::id::UserId;
use baton::domain::input::DealerInput;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{TestApp, on_each_database};

const LEADS: &str = "query($where: LeadWhere, $filter: String, $search: String) {
    leads(first: 50, where: $where, filter: $filter, search: $search, order: { field: RECEIVED_AT, direction: ASC }) {
        nodes { request { id person { lastName } } source } totalCount } }";
const DEALERS: &str = "query($where: DealerWhere, $filter: String, $search: String) {
    dealers(first: 50, where: $where, filter: $filter, search: $search) { nodes { name } totalCount } }";
const USERS: &str = "query($where: UserWhere, $filter: String, $search: String) {
    users(first: 50, where: $where, filter: $filter, search: $search, direction: ASC) { nodes { name } totalCount } }";

/// Two dealers with a tier, brands and a custom field; leads from two sources, one of them with a custom value.
async fn some_network(app: &TestApp) -> Vec<String> {
    let admin = app.admin();
    for definition in [
        "createCategory(input: { key: \"tier\", choices: [\"Gold\", \"Silver\"] })",
        "createCustomField(input: { subject: DEALER, key: \"ev\", label: \"EV\", fieldType: BOOLEAN })",
        "createCustomField(input: { subject: LEAD, key: \"budget\", label: \"Budget\", fieldType: INTEGER })",
    ] {
        let made = app
            .graphql(&admin, &format!("mutation {{ made: {definition} {{ userErrors {{ message }} }} }}"), json!({}))
            .await;
        assert_eq!(made["made"]["userErrors"], json!([]));
    }
    let dealer = |tier: &str, rating: f64, brands: &[&str], ev: bool| DealerInput {
        rating: Some(Some(rating)),
        brands: Some(brands.iter().map(|brand| (*brand).to_owned()).collect()),
        categories: Some([("tier".to_owned(), Some(tier.to_owned()))].into()),
        custom: json!({ "ev": ev }).as_object().cloned(),
        ..DealerInput::default()
    };
    let gold = app.dealer_at("Gold", "02139", dealer("Gold", 4.5, &["Ford", "Kia"], true)).await;
    let silver = app.dealer_at("Silver", "02446", dealer("Silver", 3.0, &["Audi"], false)).await;
    let submit =
        "mutation($input: SubmitLeadInput!) { submitLead(input: $input) { lead { id } userErrors { path message } } }";
    for (name, source, to, budget) in [
        ("Ada", "web", gold, json!({ "budget": 500 })),
        ("Ben", "web", silver, json!({})),
        ("Cy", "phone", gold, json!({})),
    ] {
        let input = json!({ "source": source, "lastName": name, "phone": "+15550100", "email": format!("{name}@example.net"),
            "custom": budget, "target": { "dealerId": to } });
        let made = app.graphql(&admin, submit, json!({ "input": input })).await;
        assert_eq!(made["submitLead"]["userErrors"], json!([]), "{made}");
        app.advance(std::time::Duration::from_secs(1));
    }
    vec![gold.to_string(), silver.to_string()]
}

async fn names(app: &TestApp, actor: &Actor, query: &str, variables: Value) -> String {
    let data = app.graphql(actor, query, variables.clone()).await;
    let grid = data.as_object().unwrap().values().next().unwrap();
    let name = |node: &Value| {
        let name = node.get("name").unwrap_or_else(|| &node["request"]["person"]["lastName"]);
        name.as_str().unwrap_or("?").to_owned()
    };
    let names: Vec<String> = grid["nodes"].as_array().unwrap().iter().map(name).collect();
    assert_eq!(grid["totalCount"], json!(names.len()), "the count is that of the rows: {variables}");
    names.join(" ")
}

async fn refusal(app: &TestApp, actor: &Actor, query: &str, variables: Value) -> (String, String) {
    let answer = app.graphql_answer(actor, query, variables.clone()).await;
    let error = &answer["errors"][0];
    let code = error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{variables} is not refused: {answer:#}"));
    (code.to_owned(), error["message"].as_str().unwrap().to_owned())
}

// EXPR-7, EXPR-5
#[tokio::test]
async fn a_typed_input_and_its_text_select_the_same_rows() {
    on_each_database(async |app: &TestApp| {
        let dealers = some_network(app).await;
        let admin = app.admin();
        let check = "query($where: GridWhere!) { checkWhere(where: $where) { canonical userErrors { path message } } }";
        for (grid, query, input, rows) in [
            ("leads", LEADS, json!({ "source": { "eq": "web" } }), "Ada Ben"),
            (
                "leads",
                LEADS,
                json!({ "source": { "in": ["phone", "web"] }, "state": { "eq": "OFFERED" } }),
                "Ada Ben Cy",
            ),
            ("leads", LEADS, json!({ "dealer": { "rating": { "gte": 4 } }, "source": { "ne": "phone" } }), "Ada"),
            ("leads", LEADS, json!({ "dealer": { "id": { "in": [dealers[1]] } } }), "Ben"),
            ("leads", LEADS, json!({ "dealer": { "brands": { "some": { "startsWith": "K" } } } }), "Ada Cy"),
            ("leads", LEADS, json!({ "dealer": { "category": [{ "key": "tier", "rank": { "gte": 1 } }] } }), "Ben"),
            ("leads", LEADS, json!({ "dealer": { "custom": [{ "key": "ev", "boolean": { "eq": true } }] } }), "Ada Cy"),
            ("leads", LEADS, json!({ "custom": [{ "key": "budget", "integer": { "lte": 500 } }] }), "Ada"),
            ("leads", LEADS, json!({ "not": { "custom": [{ "key": "budget", "integer": { "gt": 500 } }] } }), "Ada"),
            ("leads", LEADS, json!({ "custom": [{ "key": "budget", "integer": { "isMissing": true } }] }), "Ben Cy"),
            ("leads", LEADS, json!({ "owner": { "id": { "isMissing": false } } }), ""),
            ("leads", LEADS, json!({ "exception": { "isMissing": false } }), ""),
            (
                "leads",
                LEADS,
                json!({ "round": { "between": { "from": 0, "to": 0 } }, "receivedAt": { "newerThan": "1h" } }),
                "Ada Ben Cy",
            ),
            ("leads", LEADS, json!({ "receivedAt": { "olderThan": "2s" } }), "Ada Ben"),
            (
                "leads",
                LEADS,
                json!({ "or": [{ "source": { "contains": "hon" } }, { "dealer": { "name": { "eq": "Silver" } } }] }),
                "Ben Cy",
            ),
            ("dealers", DEALERS, json!({ "brands": { "has": "Ford" }, "active": { "eq": true } }), "Gold"),
            ("dealers", DEALERS, json!({ "brands": { "every": { "in": ["Audi", "Kia"] } } }), "Silver"),
            (
                "dealers",
                DEALERS,
                json!({ "category": { "key": "tier", "value": { "in": ["Gold", "Silver"] } } }),
                "Gold Silver",
            ),
            ("dealers", DEALERS, json!({ "rating": { "lt": 4.5 }, "territory": { "isEmpty": true } }), "Silver"),
            ("users", USERS, json!({ "email": { "endsWith": "@nowhere.example" } }), ""),
        ] {
            assert_eq!(names(app, &admin, query, json!({ "where": input })).await, rows, "{input}");
            let printed = app.graphql(&admin, check, json!({ "where": { grid: input } })).await;
            let text = printed["checkWhere"]["canonical"].as_str().unwrap_or_else(|| panic!("{input}: {printed}"));
            assert_eq!(names(app, &admin, query, json!({ "filter": text })).await, rows, "{text}");
        }
        assert_eq!(names(app, &admin, LEADS, json!({ "filter": "[].all(e, e > 0)" })).await, "Ada Ben Cy");
        // A field that was just defined can be asked at once, and one that was archived no longer.
        let define = "mutation { createCustomField(input: { subject: LEAD, key: \"vip\", label: \"VIP\", fieldType: BOOLEAN }) {
            customField { id } userErrors { message } } }";
        let field = app.graphql(&admin, define, json!({})).await;
        let vip = json!({ "where": { "custom": [{ "key": "vip", "boolean": { "isMissing": true } }] } });
        assert_eq!(names(app, &admin, LEADS, vip.clone()).await, "Ada Ben Cy");
        let archive = "mutation($input: UpdateCustomFieldInput!) { updateCustomField(input: $input) { userErrors { path message } } }";
        let input = json!({ "customFieldId": field["createCustomField"]["customField"]["id"], "archived": true });
        let archived = app.graphql(&admin, archive, json!({ "input": input })).await;
        assert_eq!(archived["updateCustomField"]["userErrors"], json!([]));
        assert!(refusal(app, &admin, LEADS, vip).await.1.contains("`vip` is archived"));
        app.work().await;
    })
    .await;
}

// EXPR-7
#[tokio::test]
async fn users_are_asked_by_role_group_and_dealer() {
    on_each_database(async |app: &TestApp| {
        let admin = app.admin();
        let dealer = app.new_dealer("Acme").await;
        let create = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { path message } } }";
        let mut ids = Vec::new();
        for (first, more) in [("Ann", json!({ "dealerId": dealer })), ("Bo", json!({ "role": "MANAGER" }))] {
            let mut input = json!({ "firstName": first, "lastName": "Lee", "email": format!("{first}@example.org"), "role": "MEMBER" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let made = app.graphql(&admin, create, json!({ "input": input })).await;
            assert_eq!(made["createUser"]["userErrors"], json!([]), "{made}");
            ids.push(made["createUser"]["user"]["id"].clone());
        }
        let group = app.graphql(&admin, "mutation { createGroup(input: { name: \"East\" }) { group { id } } }", json!({})).await;
        let join = "mutation($input: AddGroupMembersInput!) { addGroupMembers(input: $input) { userErrors { path message } } }";
        let input = json!({ "groupId": group["createGroup"]["group"]["id"], "userIds": [ids[1]] });
        assert_eq!(app.graphql(&admin, join, json!({ "input": input })).await["addGroupMembers"]["userErrors"], json!([]));
        let lee = |more: Value| {
            let mut input = json!({ "lastName": { "eq": "Lee" } });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "where": input })
        };
        for (input, rows) in [
            (json!({ "dealerId": { "eq": dealer } }), "Ann Lee"),
            (json!({ "dealerId": { "isMissing": true } }), "Bo Lee"),
            (json!({ "roles": { "has": "manager" } }), "Bo Lee"),
            (json!({ "groups": { "has": "East" } }), "Bo Lee"),
            (json!({ "groups": { "isEmpty": true } }), "Ann Lee"),
            (json!({ "onHoliday": { "eq": false }, "firstName": { "startsWith": "B" } }), "Bo Lee"),
        ] {
            assert_eq!(names(app, &admin, USERS, lee(input.clone())).await, rows, "{input}");
        }
        assert_eq!(names(app, &admin, USERS, json!({ "search": "aN" })).await, "Ann Lee");
    })
    .await;
}

// EXPR-7, BULK-2, API-3
#[tokio::test]
async fn a_condition_that_says_nothing_or_too_much_is_the_callers_error() {
    on_each_database(async |app: &TestApp| {
        let admin = app.admin();
        for (variables, words) in [
            (
                json!({ "where": { "round": { "eq": 0 } }, "filter": "lead.round == 0" }),
                "give either `where` or `filter`, not both",
            ),
            (json!({ "where": {} }), "where: an empty object says nothing"),
            (json!({ "where": { "source": { "in": [] } } }), "where.source.in: an empty list matches nothing"),
            (json!({ "where": { "source": null } }), "where.source: null says nothing"),
            (json!({ "where": { "source": { "eq": null } } }), "where.source.eq: null says nothing"),
            (json!({ "where": { "and": [] } }), "where.and: an empty list says nothing"),
            (json!({ "where": { "state": { "eq": "OFERED" } } }), "did you mean `OFFERED`?"),
            (
                json!({ "where": { "custom": [{ "key": "x", "text": { "eq": "y" } }] } }),
                "where.custom.0.key: there is no custom field `x`",
            ),
            (json!({ "filter": "" }), "filter: 1:1: the expression is empty"),
            (json!({ "filter": "lead.sorce == 'web'" }), "did you mean `lead.source`?"),
            (json!({ "filter": "dealer.rating > 4.0" }), "`dealer` is not available here"),
            (json!({ "filter": "lead.round == 0 && lead.source.matches('^w.*b')" }), "filter: 1:20: "),
            (json!({ "search": "x" }), "search: give at least two characters"),
        ] {
            let (code, message) = refusal(app, &admin, LEADS, variables.clone()).await;
            assert_eq!(code, "BAD_INPUT", "{variables}: {message}");
            assert!(message.contains(words), "{variables}: {message}");
        }
        // All problems at once, each with its path for a form to show.
        let several = json!({ "where": { "round": { "eq": 1.5 }, "not": { "brand": {} } } });
        let answer = app.graphql_answer(&admin, LEADS, several).await;
        // The library refuses what is no Int before anything else.
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("Int"), "{answer:#}");
        let several = json!({ "where": { "brand": {}, "not": { "state": { "eq": "x" } } } });
        let answer = app.graphql_answer(&admin, LEADS, several).await;
        let problems = answer["errors"][0]["extensions"]["problems"].as_array().unwrap();
        let paths: Vec<&Value> = problems.iter().map(|problem| &problem["path"]).collect();
        assert_eq!(paths, [&json!(["where", "brand"]), &json!(["where", "not", "state", "eq"])]);
    })
    .await;
}

// ALLOC-4, ACK-1: what is not shown can't be asked either, or an answer would tell it one question at a time.
#[tokio::test]
async fn a_field_that_a_role_does_not_see_cannot_be_asked() {
    on_each_database(async |app: &TestApp| {
        some_network(app).await;
        let user = UserId(Uuid::from_u128(7));
        let staff = [app.admin(), app.manager(user), app.member(user)];
        for actor in &staff {
            names(app, actor, USERS, json!({ "filter": "user.email.startsWith('a')" })).await;
            names(app, actor, LEADS, json!({ "where": { "owner": { "email": { "isMissing": false } } } })).await;
            names(app, actor, LEADS, json!({ "where": { "dealer": { "rating": { "gte": 1 } } } })).await;
        }
        let auditor = app.auditor();
        names(app, &auditor, LEADS, json!({ "filter": "lead.dealer.rating >= 1.0 && !has(lead.job_id)" })).await;
        let partner = app.partner("web");
        assert_eq!(
            names(app, &partner, LEADS, json!({ "where": { "dealer": { "name": { "eq": "Gold" } } } })).await,
            "Ada"
        );
        for (actor, query, filter, hidden) in [
            (&auditor, USERS, "user.email != ''", "user.email"),
            (&auditor, LEADS, "lead.round == 0 || has(lead.owner.email)", "lead.owner.email"),
            (&partner, LEADS, "lead.dealer.rating >= 4.0", "lead.dealer.rating"),
            (&partner, LEADS, "lead.dealer.custom.ev", "lead.dealer.custom.ev"),
            (&partner, LEADS, "lead.owner.email == 'a'", "lead.owner.email"),
            (&partner, LEADS, "'East' in lead.owner.groups", "lead.owner.groups"),
            (&partner, LEADS, "has(lead.job_id)", "lead.job_id"),
        ] {
            let (code, message) = refusal(app, actor, query, json!({ "filter": filter })).await;
            assert_eq!(code, "FORBIDDEN", "{filter}: {message}");
            assert!(message.contains(&format!("`{hidden}`")), "{filter}: {message}");
        }
        for (actor, allowed) in [(app.admin(), true), (partner, true), (auditor, false), (app.member(user), false)] {
            if allowed {
                assert_eq!(names(app, &actor, LEADS, json!({ "search": "aD" })).await, "Ada", "{}", actor.role);
            } else {
                assert_eq!(
                    refusal(app, &actor, LEADS, json!({ "search": "ad" })).await.0,
                    "FORBIDDEN",
                    "{}",
                    actor.role
                );
            }
        }
        app.work().await;
    })
    .await;
}

// EXPR-2: what a builder shows for a field, and what a grid would refuse.
#[tokio::test]
async fn a_builder_gets_operators_and_examples_that_check() {
    on_each_database(async |app: &TestApp| {
        some_network(app).await;
        let admin = app.admin();
        let query = "query($context: ExpressionContext!) { expressionFields(context: $context) {
            path type valueType choices example operators { name description example } } }";
        let check =
            "query($text: String!, $context: ExpressionContext!) { checkExpression(text: $text, context: $context) {
            canonical diagnostics { message } gridDiagnostics { line column message } } }";
        let verdict = async |text: &str, context: &str| {
            let variables = json!({ "text": text, "context": context });
            app.graphql(&admin, check, variables).await["checkExpression"].clone()
        };
        for context in ["DEALER_CONDITION", "USER_CONDITION", "LEAD_CONDITION"] {
            let found = app.graphql(&admin, query, json!({ "context": context })).await;
            for field in found["expressionFields"].as_array().unwrap() {
                let found = verdict(field["example"].as_str().unwrap(), context).await;
                assert_eq!(
                    (&found["canonical"], &found["gridDiagnostics"]),
                    (&field["example"], &json!([])),
                    "{field}"
                );
            }
        }
        let found = app.graphql(&admin, query, json!({ "context": "CANDIDATE_DEALER" })).await;
        let field = |path: &str| {
            let fields = found["expressionFields"].as_array().unwrap().iter();
            fields.clone().find(|field| field["path"] == json!(path)).unwrap()
        };
        let tier = field("dealer.category.tier");
        assert_eq!((&tier["type"], &tier["example"]), (&json!("TEXT"), &json!("dealer.category.tier == 'Gold'")));
        assert_eq!(field("lead.received_at")["example"], json!("lead.received_at > now - duration('48h')"));
        let names = |path: &str| {
            let operators = field(path)["operators"].as_array().unwrap().iter();
            operators.map(|operator| operator["name"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("dealer.active"), "eq isMissing");
        assert_eq!(names("dealer.brands"), "has some every isEmpty isMissing");
        assert_eq!(names("dealer.distance_km"), "eq ne in notIn lt lte gt gte between isMissing");
        let slow = verdict("lead.round == 0 && lead.source.matches('a.b')", "LEAD_CONDITION").await;
        assert_eq!(slow["diagnostics"], json!([]));
        assert_eq!(slow["gridDiagnostics"][0]["column"], json!(20), "{slow}");
        let wrong = "{ checkWhere(where: { dealers: { distance: { lt: 5 } } }) { canonical } }";
        let answer = app.graphql_answer(&admin, wrong, json!({})).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("distance"), "{answer:#}");
        app.work().await;
    })
    .await;
}
