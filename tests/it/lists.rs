//! Lists: kept, shared, opened; what each viewer sees of them, and what is refused (BULK-1).

use baton::domain::actor::Actor;
use baton::domain::id::UserId;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};

const CREATE: &str = "mutation($input: CreateListInput!) { made: createList(input: $input) {
    list { id name baseSet filter sort { field direction } columns { path label } owner { id } access version }
    userErrors { path code message } } }";
const UPDATE: &str = "mutation($input: UpdateListInput!) { made: updateList(input: $input) {
    list { id name baseSet filter columns { path } owner { id } access version } userErrors { path code message } } }";
const SHARE: &str = "mutation($input: SetListSharesInput!) { made: setListShares(input: $input) {
    list { shares { user { id } access } version } userErrors { path code message } } }";
const REMOVE: &str = "mutation($input: RemoveListInput!) { made: removeList(input: $input) {
    removedId userErrors { path code } } }";
const OPEN: &str = "query($id: ID!) { list(id: $id) { name access shares { access } leadCount { count isCapped }
    leads(first: 10) { nodes { brand } totalCount } } node(id: $id) { id } }";

async fn change(app: &TestApp, actor: &Actor, mutation: &str, input: Value) -> Value {
    app.graphql(actor, mutation, json!({ "input": input })).await["made"].take()
}

async fn made(app: &TestApp, actor: &Actor, input: Value) -> String {
    let made = change(app, actor, CREATE, input).await;
    assert_eq!(made["userErrors"], json!([]), "{made:#}");
    made["list"]["id"].as_str().unwrap().to_owned()
}

/// Code and path of the only user error.
fn refusal(answer: &Value) -> (String, String) {
    let errors = answer["userErrors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer:#}");
    let path: Vec<&str> = errors[0]["path"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
    (errors[0]["code"].as_str().unwrap().to_owned(), path.join("."))
}

/// A lead of a customer, from a source, in somebody's hands or in nobody's.
async fn lead(app: &TestApp, name: &str, source: &str, target: Value) -> String {
    let submit =
        "mutation($input: SubmitLeadInput!) { submitLead(input: $input) { lead { id } userErrors { message } } }";
    let mut input =
        json!({ "source": source, "brand": name, "lastName": "Doe", "phone": "+15550100", "notify": false });
    if !target.is_null() {
        input["target"] = target;
    }
    let made = app.graphql(&app.admin(), submit, json!({ "input": input })).await["submitLead"].take();
    assert_eq!(made["userErrors"], json!([]));
    app.advance(std::time::Duration::from_secs(1));
    made["lead"]["id"].as_str().unwrap().to_owned()
}

fn names(list: &Value) -> String {
    let nodes = list["leads"]["nodes"].as_array().unwrap();
    let names: Vec<&str> = nodes.iter().map(|node| node["brand"].as_str().unwrap()).collect();
    assert_eq!(list["leads"]["totalCount"], names.len());
    assert_eq!(list["leadCount"], json!({ "count": names.len(), "isCapped": false }));
    names.join(" ")
}

async fn opened(app: &TestApp, actor: &Actor, id: &str) -> Value {
    app.graphql(actor, OPEN, json!({ "id": id })).await["list"].take()
}

async fn member(app: &TestApp, mail: &str) -> (UserId, Actor) {
    let user = app.new_user(mail).await;
    (user, app.member(user))
}

// BULK-1
#[tokio::test]
async fn a_list_is_made_opened_changed_and_removed() {
    on_each_database(async |app: &TestApp| {
        let (mia, actor) = member(app, "mia@example.com").await;
        for (name, source) in [("Ada", "web"), ("Ben", "phone"), ("Cy", "web")] {
            lead(app, name, source, json!({ "userId": mia })).await;
        }
        let input = json!({ "name": "  From the web ", "baseSet": "MINE", "filter": "( lead.source=='web' )",
            "sort": { "field": "RECEIVED_AT", "direction": "ASC" }, "columns": ["lead.state", "customer.last_name"] });
        let answer = change(app, &actor, CREATE, input).await;
        let list = &answer["list"];
        let id = list["id"].as_str().unwrap().to_owned();
        assert_eq!((&list["name"], &list["filter"]), (&json!("From the web"), &json!("lead.source == 'web'")));
        assert_eq!(list["sort"], json!({ "field": "RECEIVED_AT", "direction": "ASC" }));
        let columns =
            json!([{ "path": "lead.state", "label": "State" }, { "path": "customer.last_name", "label": "Last name" }]);
        assert_eq!(list["columns"], columns);
        assert_eq!((&list["owner"]["id"], &list["access"]), (&json!(mia), &json!("OWN")));
        assert_eq!(names(&opened(app, &actor, &id).await), "Ada Cy");

        lead(app, "Dee", "web", json!({ "userId": mia })).await;
        assert_eq!(names(&opened(app, &actor, &id).await), "Ada Cy Dee", "it is evaluated when it is opened");
        let update = json!({ "listId": id, "name": "All of mine", "filter": null, "expectedVersion": 1 });
        let changed = change(app, &actor, UPDATE, update.clone()).await;
        assert_eq!((&changed["list"]["filter"], &changed["list"]["version"]), (&Value::Null, &json!(2)));
        assert_eq!(names(&opened(app, &actor, &id).await), "Ada Ben Cy Dee");
        assert_eq!(refusal(&change(app, &actor, UPDATE, update).await), ("CONFLICT".into(), "expectedVersion".into()));
        let unchanged = change(app, &actor, UPDATE, json!({ "listId": id, "name": "All of mine" })).await;
        assert_eq!(unchanged["list"]["version"], 2);

        let removed = change(app, &actor, REMOVE, json!({ "listId": id, "expectedVersion": 2 })).await;
        assert_eq!(removed["removedId"], json!(id));
        assert!(opened(app, &actor, &id).await.is_null());
        assert_eq!(refusal(&change(app, &actor, REMOVE, json!({ "listId": id })).await).0, "NOT_FOUND");
    })
    .await;
}

// BULK-1, EXPR-7
#[tokio::test]
async fn a_list_keeps_a_typed_filter_as_text_and_its_pages_go_by_key() {
    on_each_database(async |app: &TestApp| {
        let (mia, actor) = member(app, "mia@example.com").await;
        for name in ["Ada", "Ben", "Cy"] {
            lead(app, name, "web", json!({ "userId": mia })).await;
        }
        let typed = json!({ "name": "Typed", "where": { "source": { "in": ["web", "phone"] } } });
        let answer = change(app, &actor, CREATE, typed).await;
        assert_eq!(answer["list"]["filter"], "lead.source in ['web', 'phone']");
        let page = "query($id: ID!, $after: String) { list(id: $id) { leads(first: 2, after: $after) {
            nodes { brand } pageInfo { hasNextPage endCursor } } } }";
        let id = &answer["list"]["id"];
        let first = app.graphql(&actor, page, json!({ "id": id })).await["list"]["leads"].take();
        assert_eq!((first["nodes"].as_array().unwrap().len(), &first["pageInfo"]["hasNextPage"]), (2, &json!(true)));
        let after = &first["pageInfo"]["endCursor"];
        let second = app.graphql(&actor, page, json!({ "id": id, "after": after })).await["list"]["leads"].take();
        assert_eq!(second["nodes"], json!([{ "brand": "Ada" }]));
        let other = made(app, &actor, json!({ "name": "Other" })).await;
        let foreign = app.graphql_answer(&actor, page, json!({ "id": other, "after": after })).await;
        assert_eq!(foreign["errors"][0]["extensions"]["code"], "BAD_INPUT");
    })
    .await;
}

// BULK-1, ALLOC-4
#[tokio::test]
async fn who_has_no_share_finds_nothing_and_a_share_never_shows_more_than_the_viewer_may_see() {
    on_each_database(async |app: &TestApp| {
        let (mia, owner) = member(app, "mia@example.com").await;
        let (ben, viewer) = member(app, "ben@example.com").await;
        let (_, stranger) = member(app, "cy@example.com").await;
        lead(app, "Hers", "web", json!({ "userId": mia })).await;
        lead(app, "His", "web", json!({ "userId": ben })).await;
        let id = made(app, &owner, json!({ "name": "Web", "filter": "lead.source == 'web'" })).await;
        for actor in
            [&viewer, &stranger, &app.partner("web"), &app.in_tenant(app.another_tenant("other").await.id, app.admin())]
        {
            let found = app.graphql(actor, OPEN, json!({ "id": id })).await;
            assert_eq!(found, json!({ "list": null, "node": null }), "{}", actor.role);
        }
        assert_eq!(refusal(&change(app, &stranger, UPDATE, json!({ "listId": id, "name": "x" })).await).0, "NOT_FOUND");

        let share =
            |user: UserId, access: &str| json!({ "listId": id, "shares": [{ "userId": user, "access": access }] });
        let shared = change(app, &owner, SHARE, share(ben, "VIEW")).await;
        assert_eq!(shared["list"]["shares"], json!([{ "user": { "id": ben }, "access": "VIEW" }]));
        let seen = opened(app, &viewer, &id).await;
        assert_eq!((names(&seen).as_str(), &seen["access"], &seen["shares"]), ("His", &json!("VIEW"), &json!([])));
        assert_eq!(names(&opened(app, &owner, &id).await), "Hers");
        assert_eq!(names(&opened(app, &app.admin(), &id).await), "His Hers");
        assert_eq!(names(&opened(app, &app.auditor(), &id).await), "His Hers");
        let lists = "{ lists(first: 10) { nodes { name } totalCount } }";
        for (actor, count) in [(&owner, 1), (&viewer, 1), (&stranger, 0), (&app.admin(), 1), (&app.auditor(), 1)] {
            assert_eq!(app.graphql(actor, lists, json!({})).await["lists"]["totalCount"], count, "{}", actor.subject);
        }

        let rename = json!({ "listId": id, "name": "Mine now" });
        assert_eq!(refusal(&change(app, &viewer, UPDATE, rename.clone()).await).0, "FORBIDDEN");
        change(app, &owner, SHARE, share(ben, "EDIT")).await;
        assert_eq!(change(app, &viewer, UPDATE, rename).await["list"]["name"], "Mine now");
        assert_eq!(refusal(&change(app, &viewer, SHARE, share(ben, "EDIT")).await).0, "FORBIDDEN");
        assert_eq!(refusal(&change(app, &viewer, REMOVE, json!({ "listId": id })).await).0, "FORBIDDEN");

        assert_eq!(
            refusal(&change(app, &owner, SHARE, share(mia, "VIEW")).await),
            ("NOT_ALLOWED".into(), "shares.0.userId".into())
        );
        let nobody = "usr_019200000000700080000000000000ff";
        let unknown = json!({ "listId": id, "shares": [{ "userId": nobody, "access": "VIEW" }] });
        assert_eq!(refusal(&change(app, &owner, SHARE, unknown).await), ("NOT_FOUND".into(), "shares.0.userId".into()));
        change(app, &owner, SHARE, json!({ "listId": id, "shares": [] })).await;
        assert!(opened(app, &viewer, &id).await.is_null());
    })
    .await;
}

// BULK-1: each base set, for the same leads.
#[tokio::test]
async fn base_sets_and_a_draft_count_what_a_list_would_show() {
    on_each_database(async |app: &TestApp| {
        let admin = app.admin();
        let (mia, actor) = member(app, "mia@example.com").await;
        let dealer = app.new_dealer("Ann").await;
        lead(app, "Waits", "web", json!({ "dealerId": dealer })).await;
        let held = lead(app, "Held", "web", json!({ "userId": mia })).await;
        let won = lead(app, "Won", "phone", json!({ "userId": mia })).await;
        lead(app, "Nobody", "web", Value::Null).await;
        for lead in [&held, &won] {
            let acknowledge =
                "mutation($id: ID!) { acknowledgeLead(input: { leadId: $id }) { userErrors { message } } }";
            app.graphql(&actor, acknowledge, json!({ "id": lead })).await;
        }
        let close = "mutation($id: ID!) { closeLead(input: { leadId: $id, outcome: WON }) { userErrors { message } } }";
        assert_eq!(app.graphql(&actor, close, json!({ "id": won })).await["closeLead"]["userErrors"], json!([]));
        let delete =
            "mutation($id: ID!) { deleteLead(input: { leadId: $id, reason: \"twice\" }) { userErrors { message } } }";
        let gone = lead(app, "Gone", "web", json!({ "dealerId": dealer })).await;
        app.graphql(&admin, delete, json!({ "id": gone })).await;

        let draft = "query($base: ListBaseSet!, $filter: String, $where: LeadWhere) {
            draftLeadCount(baseSet: $base, filter: $filter, where: $where) { count isCapped } }";
        let count = async |actor: &Actor, base: &str, filter: Option<&str>| {
            let variables = json!({ "base": base, "filter": filter });
            app.graphql(actor, draft, variables).await["draftLeadCount"]["count"].clone()
        };
        for (base, of_all, of_mia) in [
            ("ALL", 5, 2),
            ("CURRENT", 4, 2),
            ("UNASSIGNED", 1, 0),
            ("WAITING", 1, 0),
            ("OPEN", 2, 1),
            ("CLOSED", 1, 1),
            ("EXCEPTIONS", 1, 0),
            ("MINE", 0, 2),
        ] {
            assert_eq!(
                (count(&admin, base, None).await, count(&actor, base, None).await),
                (json!(of_all), json!(of_mia)),
                "{base}"
            );
        }
        assert_eq!(count(&app.dealer(dealer), "MINE", None).await, 2);
        assert_eq!(count(&admin, "OPEN", Some("lead.source == 'phone' || has(lead.owner.id)")).await, 1);
        let typed = json!({ "base": "CURRENT", "where": { "source": { "eq": "phone" } } });
        assert_eq!(app.graphql(&admin, draft, typed).await["draftLeadCount"], json!({ "count": 1, "isCapped": false }));
        let broken = app.graphql_answer(&admin, draft, json!({ "base": "ALL", "filter": "lead.stat == 'x'" })).await;
        assert_eq!(broken["errors"][0]["extensions"]["code"], "BAD_INPUT");
        app.leaves_work();
    })
    .await;
}

// BULK-1, EXPR-2, EXPR-5
#[tokio::test]
async fn what_is_wrong_with_a_list_is_told_at_once_and_nothing_is_saved() {
    on_each_database(async |app: &TestApp| {
        let (_, actor) = member(app, "mia@example.com").await;
        let wrong = json!({ "name": " ", "filter": "lead.stat == 'x' && lead.rund > 1", "columns": ["lead.stat"] });
        let answer = change(app, &actor, CREATE, wrong).await;
        let told: Vec<(&Value, &Value)> =
            answer["userErrors"].as_array().unwrap().iter().map(|error| (&error["path"], &error["code"])).collect();
        let expected = [
            (json!(["name"]), json!("REQUIRED")),
            (json!(["filter"]), json!("EXPRESSION")),
            (json!(["filter"]), json!("EXPRESSION")),
            (json!(["columns", "0"]), json!("NOT_ALLOWED")),
        ];
        assert_eq!(told, expected.iter().map(|(path, code)| (path, code)).collect::<Vec<_>>(), "{answer:#}");
        let both = json!({ "name": "Both", "filter": "true", "where": { "source": { "eq": "web" } } });
        assert_eq!(refusal(&change(app, &actor, CREATE, both).await), ("NOT_ALLOWED".into(), "filter".into()));
        let in_memory = json!({ "name": "Slow", "filter": "lead.source.matches('w[aeiou]b+')" });
        let answer = change(app, &actor, CREATE, in_memory).await;
        assert_eq!(refusal(&answer), ("EXPRESSION".into(), "filter".into()));
        assert!(answer["userErrors"][0]["message"].as_str().unwrap().starts_with("1:"), "{answer:#}");
        let typed = json!({ "name": "Typed", "where": { "source": { "eq": null } } });
        let answer = change(app, &actor, CREATE, typed).await;
        assert_eq!(answer["userErrors"][0]["path"][0], "where", "{answer:#}");
        // Members do not see which job made a copy.
        let hidden = json!({ "name": "Hidden", "filter": "has(lead.job_id)" });
        assert_eq!(refusal(&change(app, &actor, CREATE, hidden).await), ("FORBIDDEN".into(), "filter".into()));
        assert_eq!(
            app.graphql(&actor, "{ lists(first: 1) { totalCount } }", json!({})).await["lists"]["totalCount"],
            0
        );
    })
    .await;
}

// BULK-1: a filter that the viewer may not ask does not become askable by being shared.
#[tokio::test]
async fn a_shared_filter_that_the_viewer_may_not_ask_is_refused_when_it_is_opened() {
    on_each_database(async |app: &TestApp| {
        let (mia, actor) = member(app, "mia@example.com").await;
        let id = made(app, &app.admin(), json!({ "name": "By job", "filter": "has(lead.job_id)" })).await;
        change(app, &app.admin(), SHARE, json!({ "listId": id, "shares": [{ "userId": mia, "access": "VIEW" }] }))
            .await;
        let answer = app.graphql_answer(&actor, OPEN, json!({ "id": id })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer:#}");
    })
    .await;
}

// BULK-1, EXPR-8
#[tokio::test]
async fn a_filter_keeps_its_custom_field_alive_and_a_column_does_not() {
    on_each_database(async |app: &TestApp| {
        let admin = app.admin();
        let field = async |key: &str| {
            let create = "mutation($key: String!) { createCustomField(input: { subject: LEAD, key: $key, label: $key,
                fieldType: INTEGER }) { customField { id } } }";
            app.graphql(&admin, create, json!({ "key": key })).await["createCustomField"]["customField"]["id"].clone()
        };
        let archive = async |id: &Value| {
            let archive =
                "mutation($id: ID!) { made: updateCustomField(input: { customFieldId: $id, archived: true }) {
                userErrors { path code message } } }";
            app.graphql(&admin, archive, json!({ "id": id })).await["made"].take()
        };
        let (budget, doors) = (field("budget").await, field("doors").await);
        let input =
            json!({ "name": "Rich", "filter": "lead.custom.budget > 500", "columns": ["custom.doors", "lead.state"] });
        let answer = change(app, &admin, CREATE, input).await;
        assert_eq!(answer["list"]["columns"][0], json!({ "path": "lead.custom.doors", "label": "doors" }));
        assert_eq!((&answer["list"]["owner"], &answer["list"]["access"]), (&Value::Null, &json!("OWN")));
        let refused = archive(&budget).await;
        assert_eq!(refusal(&refused), ("IN_USE".into(), "archived".into()));
        assert_eq!(refused["userErrors"][0]["message"], "budget is used by list `Rich`, change them first");
        assert_eq!(archive(&doors).await["userErrors"], json!([]));
        let id = &answer["list"]["id"];
        let shown =
            app.graphql(&admin, "query($id: ID!) { list(id: $id) { columns { path } } }", json!({ "id": id })).await;
        assert_eq!(shown["list"]["columns"], json!([{ "path": "lead.state" }]));
        change(app, &admin, UPDATE, json!({ "listId": id, "filter": null })).await;
        assert_eq!(archive(&budget).await["userErrors"], json!([]));
    })
    .await;
}

// BULK-1
#[tokio::test]
async fn a_user_who_leaves_loses_shares_and_an_admin_gives_their_lists_away() {
    on_each_database(async |app: &TestApp| {
        let (mia, owner) = member(app, "mia@example.com").await;
        let (ben, viewer) = member(app, "ben@example.com").await;
        let id = made(app, &owner, json!({ "name": "Web" })).await;
        change(app, &owner, SHARE, json!({ "listId": id, "shares": [{ "userId": ben, "access": "EDIT" }] })).await;
        let of_ben = made(app, &viewer, json!({ "name": "Ben's" })).await;
        let leave = "mutation($id: ID!) { deactivateUser(input: { userId: $id }) { userErrors { message } } }";
        app.graphql(&app.admin(), leave, json!({ "id": ben })).await;
        assert!(opened(app, &viewer, &id).await.is_null(), "what was shared with Ben no longer is");
        let to_ben = json!({ "listId": id, "shares": [{ "userId": ben, "access": "VIEW" }] });
        assert_eq!(refusal(&change(app, &owner, SHARE, to_ben).await).0, "NOT_FOUND");

        let give = |to: UserId| json!({ "listId": of_ben, "ownerId": to });
        assert_eq!(refusal(&change(app, &owner, UPDATE, give(mia)).await).0, "NOT_FOUND");
        let given = change(app, &app.admin(), UPDATE, give(mia)).await;
        assert_eq!(given["list"]["owner"]["id"], json!(mia));
        assert_eq!(opened(app, &owner, &of_ben).await["access"], "OWN");
        assert_eq!(refusal(&change(app, &owner, UPDATE, give(ben)).await), ("NOT_FOUND".into(), "ownerId".into()));
    })
    .await;
}

// BULK-8
#[tokio::test]
async fn the_same_key_makes_one_list() {
    on_each_database(async |app: &TestApp| {
        let (_, actor) = member(app, "mia@example.com").await;
        let input = json!({ "name": "Once", "idempotencyKey": "k1" });
        let first = made(app, &actor, input.clone()).await;
        assert_eq!(made(app, &actor, input).await, first);
        let other = json!({ "name": "Twice", "idempotencyKey": "k1" });
        assert_eq!(refusal(&change(app, &actor, CREATE, other).await).0, "KEY_REUSED");
        assert_eq!(
            app.graphql(&actor, "{ lists(first: 1) { totalCount } }", json!({})).await["lists"]["totalCount"],
            1
        );
    })
    .await;
}
