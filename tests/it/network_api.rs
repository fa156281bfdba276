//! The network over GraphQL: reading, changing, and how much of it each role sees.

use baton::actions::Call;
use baton::actions::network::users as user_actions;
use baton::domain::Actor;
use baton::domain::id::UserId;
use baton::domain::input::UserInput;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};

const CREATE: &str = "mutation ($input: CreateDealerInput!) {
    createDealer(input: $input) {
        dealer { id number version postalCode timeZone point { lat } categories { key value } custom capacityOpen }
        userErrors { path code message }
    }
}";

async fn create_dealer(app: &TestApp, input: Value) -> Value {
    app.graphql(&app.admin(), CREATE, json!({ "input": input })).await["createDealer"].clone()
}

async fn new_user(app: &TestApp, first: &str) -> UserId {
    let input = UserInput {
        first_name: Some(first.into()),
        last_name: Some("Lee".into()),
        email: Some(format!("{first}@example.org")),
        ..UserInput::default()
    };
    let admin = app.admin();
    let call = Call { actor: &admin, mutation: "createUser", input: &Value::Null, key: None };
    user_actions::create_user(app.context(), call, &input).await.unwrap()
}

// API-3, EXPR-8
#[tokio::test]
async fn a_dealer_is_made_read_and_changed_over_the_api() {
    on_each_database(async |app: &TestApp| {
        let admin = app.admin();
        let made = app
            .graphql(
                &admin,
                "mutation {
                    createCategory(input: { key: \"tier\", choices: [\"Gold\", \"Silver\"] }) { category { id } userErrors { message } }
                    createCustomField(input: { subject: DEALER, key: \"bays\", label: \"Bays\", fieldType: INTEGER }) {
                        customField { id key fieldType } userErrors { message }
                    }
                }",
                json!({}),
            )
            .await;
        assert_eq!(made["createCustomField"]["customField"]["fieldType"], "INTEGER");
        let wrong = create_dealer(
            app,
            json!({ "number": "no blanks", "name": "", "rating": 9, "custom": { "bays": "two" },
                    "categories": [{ "key": "tier", "value": "Glod" }] }),
        )
        .await;
        assert!(wrong["dealer"].is_null());
        let paths: Vec<&Value> = wrong["userErrors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
        let expected =
            [json!(["number"]), json!(["name"]), json!(["rating"]), json!(["categories", "tier"]), json!(["custom", "bays"])];
        assert_eq!(paths, expected.iter().collect::<Vec<_>>());

        let made = create_dealer(
            app,
            json!({ "number": "A-1", "name": "Acme", "postalCode": "2138", "region": "MA", "custom": { "bays": 2 },
                    "categories": [{ "key": "tier", "value": "Gold" }], "capacityOpen": 5, "brands": ["Ford"] }),
        )
        .await;
        assert_eq!(made["userErrors"], json!([]));
        let dealer = &made["dealer"];
        assert_eq!((&dealer["postalCode"], &dealer["timeZone"]), (&json!("02138"), &json!("America/New_York")));
        assert_eq!((&dealer["custom"], &dealer["version"]), (&json!({ "bays": 2 }), &json!(1)));

        let id = dealer["id"].clone();
        let update = "mutation ($input: UpdateDealerInput!) {
            updateDealer(input: $input) { dealer { version capacityOpen name brands } userErrors { code path } } }";
        let change = json!({ "input": { "dealerId": id, "capacityOpen": null, "name": "Acme Motors", "expectedVersion": 1 } });
        let changed = app.graphql(&admin, update, change.clone()).await["updateDealer"].clone();
        assert_eq!(changed["dealer"], json!({ "version": 2, "capacityOpen": null, "name": "Acme Motors", "brands": ["Ford"] }));
        let stale = app.graphql(&admin, update, change).await["updateDealer"].clone();
        assert_eq!(stale["userErrors"], json!([{ "code": "CONFLICT", "path": ["expectedVersion"] }]));

        let found = app
            .graphql(
                &admin,
                "query ($id: ID!) { dealerByNumber(number: \"A-1\") { name } node(id: $id) { ... on Dealer { name } } }",
                json!({ "id": id }),
            )
            .await;
        assert_eq!(found, json!({ "dealerByNumber": { "name": "Acme Motors" }, "node": { "name": "Acme Motors" } }));
    })
    .await;
}

// BULK-8
#[tokio::test]
async fn a_repeated_mutation_answers_the_same_dealer() {
    on_each_database(async |app: &TestApp| {
        let input = json!({ "number": "A-1", "name": "Acme", "idempotencyKey": "k-1" });
        let first = create_dealer(app, input.clone()).await;
        assert_eq!(create_dealer(app, input).await, first);
        let other = create_dealer(app, json!({ "number": "A-2", "name": "Acme", "idempotencyKey": "k-1" })).await;
        assert_eq!(other["userErrors"][0]["code"], "KEY_REUSED");
    })
    .await;
}

// API-2: pages by key, both ways, filtered and sorted, the same on both databases.
#[tokio::test]
async fn dealers_are_listed_in_pages() {
    on_each_database(async |app: &TestApp| {
        for (number, name, rating, brand) in
            [("1", "Émile", json!(4), "Ford"), ("2", "bolt", json!(null), "Kia"), ("3", "Acme", json!(5), "Ford"), ("4", "Zeta", json!(3), "Ford")]
        {
            let input = json!({ "number": number, "name": name, "rating": rating, "brands": [brand], "region": "MA" });
            assert_eq!(create_dealer(app, input).await["userErrors"], json!([]));
        }
        let list = "query ($first: Int, $after: String, $last: Int, $before: String, $where: DealerWhere, $filter: String, $search: String, $order: DealerOrder) {
            dealers(first: $first, after: $after, last: $last, before: $before, where: $where, filter: $filter,
                search: $search, order: $order) { nodes { number } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        let page = async |arguments: Value| app.graphql(&app.admin(), list, arguments).await["dealers"].clone();
        let numbers = |page: &Value| -> String {
            page["nodes"].as_array().unwrap().iter().map(|node| node["number"].as_str().unwrap()).collect()
        };
        let by_rating = json!({ "field": "RATING", "direction": "ASC" });
        let first = page(json!({ "first": 3, "order": by_rating })).await;
        assert_eq!((numbers(&first), &first["totalCount"]), ("241".to_owned(), &json!(4)));
        let rest = page(json!({ "first": 3, "order": by_rating, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!((numbers(&rest), &rest["pageInfo"]["hasNextPage"]), ("3".to_owned(), &json!(false)));
        let back = page(json!({ "last": 2, "order": by_rating, "before": rest["pageInfo"]["startCursor"] })).await;
        assert_eq!(numbers(&back), "41");
        assert_eq!(numbers(&page(json!({ "first": 9, "search": "BO" })).await), "2");
        let fords = page(json!({ "first": 9, "where": { "brands": { "has": "Ford" } }, "order": { "field": "NUMBER" } })).await;
        assert_eq!(numbers(&fords), "134");
        let other_list = app
            .graphql_answer(&app.admin(), list, json!({ "first": 3, "after": first["pageInfo"]["endCursor"] }))
            .await;
        assert_eq!(other_list["errors"][0]["extensions"]["code"], "BAD_INPUT");
    })
    .await;
}

const SIGHT: &str = "query ($dealer: ID!, $other: ID!, $user: ID!) {
    dealer(id: $dealer) { name capacityOpen contacts { email } }
    other: dealer(id: $other) { name }
    dealers(first: 9) { nodes { name } totalCount }
    user(id: $user) { name email }
    users(first: 9) { totalCount }
    groups { name }
}";

// ALLOC-4
#[tokio::test]
async fn each_role_sees_its_part_of_the_network() {
    on_each_database(async |app: &TestApp| {
        let (own, other) = (app.new_dealer("Acme").await, app.new_dealer("Bolt").await);
        let user = new_user(app, "ann").await;
        let variables = json!({ "dealer": own, "other": other, "user": user });
        let sees = async |actor: &Actor| app.graphql(actor, SIGHT, variables.clone()).await;

        for staff in [app.admin(), app.manager(user), app.member(user)] {
            let seen = sees(&staff).await;
            assert_eq!(
                (&seen["dealers"]["totalCount"], &seen["user"]["email"]),
                (&json!(2), &json!("ann@example.org"))
            );
            assert_eq!(seen["dealer"]["contacts"][0]["email"], "acme@example.org", "{}", staff.role);
        }
        let seen = sees(&app.auditor()).await;
        assert_eq!(
            (&seen["user"], &seen["users"]["totalCount"]),
            (&json!({ "name": "ann Lee", "email": null }), &json!(1))
        );
        assert_eq!(seen["dealer"]["contacts"], json!([{ "email": null }]));
        let seen = sees(&app.dealer(own)).await;
        assert_eq!(
            (&seen["dealer"]["name"], &seen["other"], &seen["user"]),
            (&json!("Acme"), &json!(null), &json!(null))
        );
        assert_eq!(seen["dealers"], json!({ "nodes": [{ "name": "Acme" }], "totalCount": 1 }));
        let seen = sees(&app.partner("web")).await;
        assert_eq!(
            (&seen["dealer"], &seen["dealers"]["totalCount"], &seen["users"]["totalCount"]),
            (&json!(null), &json!(0), &json!(0))
        );
        let elsewhere = app.another_tenant("borealis").await;
        let seen = sees(&app.in_tenant(elsewhere.id, app.admin())).await;
        assert_eq!(
            (&seen["dealer"], &seen["user"], &seen["dealers"]["totalCount"]),
            (&json!(null), &json!(null), &json!(0))
        );
    })
    .await;
}

// API-4
#[tokio::test]
async fn a_page_of_leads_with_dealers_and_calendars_costs_a_fixed_number_of_statements() {
    on_each_database(async |app: &TestApp| {
        let query = "{ leads(first: 100) { nodes { id dealer { name reachable contacts { email } } owner { name groups { group { name } } }
            calendarEvents { startsAt user { name } } } } }";
        let cost = async || {
            let before = app.store().statement_count();
            app.graphql(&app.admin(), query, json!({})).await;
            app.store().statement_count() - before
        };
        for name in ["Acme", "Bolt"] {
            let dealer = app.new_dealer(name).await;
            app.offered_lead(dealer).await;
        }
        let two = cost().await;
        for name in ["Comet", "Dart", "Ember"] {
            let dealer = app.new_dealer(name).await;
            app.offered_lead(dealer).await;
            app.offered_lead(dealer).await;
        }
        assert_eq!(cost().await, two);
        assert!(two <= 4, "leads, dealers, contacts, calendar: {two}");
        app.work().await;
    })
    .await;
}

// ALLOC-4: what others see of a dealer and of staff, on their leads, is a business card.
#[tokio::test]
async fn a_partner_sees_a_business_card_on_its_lead() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Acme").await;
        app.offered_lead(dealer).await;
        app.work().await;
        let query =
            "{ leads(first: 1) { nodes { dealer { name city rating custom crm { address } contacts { email } } } } }";
        let seen = app.graphql(&app.partner("web"), query, json!({})).await;
        let card = json!({ "name": "Acme", "city": null, "rating": null, "custom": {}, "crm": [], "contacts": [] });
        assert_eq!(seen["leads"]["nodes"][0]["dealer"], card);
    })
    .await;
}
