//! Who may: every query and mutation of the schema, each role, and what is refused (SPEC ALLOC-4). A field without a row fails.

use baton::domain::actor::{Actor, Role};
use serde_json::{Map, Value, json};

use crate::support::app::{Engine, TestApp, on};
use crate::support::socket::{Socket, until};

const CONFIGURE: &str = "admin";
const MANAGE: &str = "admin manager";
const READ_CONFIGURATION: &str = "admin manager auditor";
const SUBMIT: &str = "admin manager member partner";
const KEEP_LISTS: &str = "admin manager member";
const WORK: &str = "admin manager member dealer partner";
const ALL: &str = "admin manager member dealer partner auditor";

/// Every mutation, and the roles that may call it.
const MUTATIONS: &[(&str, &str)] = &[
    ("submitLead", SUBMIT),
    ("reassignLeads", MANAGE),
    ("acknowledgeLead", WORK),
    ("acceptLead", WORK),
    ("rejectLead", WORK),
    ("closeLead", WORK),
    ("updateLead", WORK),
    ("addLeadNote", WORK),
    ("deleteLead", MANAGE),
    ("createList", KEEP_LISTS),
    ("updateList", KEEP_LISTS),
    ("setListShares", KEEP_LISTS),
    ("removeList", KEEP_LISTS),
    // Everybody gets what they may see.
    ("exportLeads", ALL),
    ("exportOperationResults", READ_CONFIGURATION),
    ("resendDelivery", MANAGE),
    ("createCalendarEvent", WORK),
    ("updateCalendarEvent", WORK),
    ("completeCalendarEvent", WORK),
    ("removeCalendarEvent", WORK),
    ("createDealer", CONFIGURE),
    ("updateDealer", CONFIGURE),
    ("deactivateDealer", CONFIGURE),
    ("createContact", CONFIGURE),
    ("updateContact", CONFIGURE),
    ("removeContact", CONFIGURE),
    ("createUser", CONFIGURE),
    ("updateUser", CONFIGURE),
    ("deactivateUser", CONFIGURE),
    ("createGroup", CONFIGURE),
    ("updateGroup", CONFIGURE),
    ("addGroupMembers", CONFIGURE),
    ("removeGroupMembers", CONFIGURE),
    ("removeGroup", CONFIGURE),
    ("createCompany", CONFIGURE),
    ("updateCompany", CONFIGURE),
    ("createCategory", CONFIGURE),
    ("updateCategory", CONFIGURE),
    ("removeCategory", CONFIGURE),
    ("createCustomField", CONFIGURE),
    ("updateCustomField", CONFIGURE),
    ("createReassignmentInterface", CONFIGURE),
    ("updateReassignmentInterface", CONFIGURE),
    ("publishReassignmentInterface", CONFIGURE),
    ("restoreInterfaceVersion", CONFIGURE),
    ("discardInterfaceDraft", CONFIGURE),
    ("removeReassignmentInterface", CONFIGURE),
    ("startBacktest", CONFIGURE),
    ("cancelBacktest", CONFIGURE),
    ("prepareImport", CONFIGURE),
    ("runImport", CONFIGURE),
    ("cancelImport", CONFIGURE),
    ("createReassignmentJob", CONFIGURE),
    ("updateReassignmentJob", CONFIGURE),
    ("enableReassignmentJob", CONFIGURE),
    ("disableReassignmentJob", CONFIGURE),
    ("removeReassignmentJob", CONFIGURE),
    ("runReassignmentJob", CONFIGURE),
    ("setRotationWeights", CONFIGURE),
    ("prepareDeparture", CONFIGURE),
    ("prepareReassignment", MANAGE),
    ("prepareLeadUpdate", MANAGE),
    ("prepareUndo", MANAGE),
    ("prepareRetry", MANAGE),
    ("runOperation", MANAGE),
    ("pauseOperation", MANAGE),
    ("resumeOperation", MANAGE),
    ("cancelOperation", MANAGE),
];

/// Every query, and the roles that are not refused. Queries by id answer null to the others, as to an id that does not exist.
const QUERIES: &[(&str, &str)] = &[
    ("node", ALL),
    ("nodes", ALL),
    ("lead", ALL),
    ("leads", ALL),
    // Who has no share finds nothing.
    ("list", ALL),
    ("lists", ALL),
    ("listColumns", ALL),
    ("draftLeadCount", ALL),
    ("fileImport", ALL),
    ("fileImports", CONFIGURE),
    ("delivery", ALL),
    ("deliveries", READ_CONFIGURATION),
    ("viewer", ALL),
    ("events", "admin auditor"),
    ("dealer", ALL),
    ("dealerByNumber", ALL),
    // Lists of the network hold only what the caller's own work touches.
    ("dealers", ALL),
    ("user", ALL),
    ("users", ALL),
    ("groups", ALL),
    ("company", ALL),
    ("companies", ALL),
    ("categories", ALL),
    ("customFields", ALL),
    ("calendarEvent", ALL),
    ("reassignmentInterface", ALL),
    ("reassignmentInterfaces", READ_CONFIGURATION),
    ("previewInterface", READ_CONFIGURATION),
    ("explainCandidate", READ_CONFIGURATION),
    ("backtest", ALL),
    ("backtests", READ_CONFIGURATION),
    ("expressionFields", READ_CONFIGURATION),
    ("checkExpression", READ_CONFIGURATION),
    ("checkWhere", READ_CONFIGURATION),
    ("reassignmentJob", ALL),
    ("reassignmentJobs", READ_CONFIGURATION),
    ("jobRuns", READ_CONFIGURATION),
    ("dryRunReassignmentJob", READ_CONFIGURATION),
    ("operation", ALL),
    ("operations", READ_CONFIGURATION),
];

/// Every subscription, and the roles that are not refused.
const SUBSCRIPTIONS: &[(&str, &str)] = &[
    ("leadChanged", ALL),
    ("offerAcknowledged", ALL),
    ("notification", ALL),
    ("jobRunChanged", READ_CONFIGURATION),
    ("backtestProgress", READ_CONFIGURATION),
    ("operationProgress", ALL),
];

const INTROSPECTION: &str = "{ __schema { types { name kind
    fields(includeDeprecated: true) { name type { ...T } args { name defaultValue type { ...T } } }
    inputFields { name defaultValue type { ...T } } enumValues { name } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The schema, to make a call of any field.
struct Schema(Value);

impl Schema {
    fn named(&self, name: &str) -> &Value {
        let types = self.0["__schema"]["types"].as_array().unwrap();
        types.iter().find(|of| of["name"] == name).unwrap_or_else(|| panic!("no type {name}"))
    }

    fn fields(&self, of: &str) -> Vec<&Value> {
        self.named(of)["fields"].as_array().unwrap().iter().collect()
    }

    /// A call of a root field with just what it requires.
    fn call(&self, field: &Value) -> String {
        let mut arguments: Vec<String> = Vec::new();
        for argument in field["args"].as_array().unwrap() {
            let name = argument["name"].as_str().unwrap();
            if name == "first" {
                arguments.push("first: 1".to_owned());
            } else if is_required(argument) {
                arguments.push(format!("{name}: {}", self.value(name, &argument["type"])));
            }
        }
        let name = field["name"].as_str().unwrap();
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let of = self.named(leaf(&field["type"]));
        let errors =
            of["fields"].as_array().is_some_and(|fields| fields.iter().any(|field| field["name"] == "userErrors"));
        let selection = if errors { "{ userErrors { code message } }" } else { "{ __typename }" };
        format!("{name}{arguments} {selection}")
    }

    fn value(&self, name: &str, of: &Value) -> String {
        match of["kind"].as_str().unwrap() {
            "NON_NULL" => self.value(name, &of["ofType"]),
            "LIST" => format!("[{}]", self.value(name, &of["ofType"])),
            "ENUM" => self.named(leaf(of))["enumValues"][0]["name"].as_str().unwrap().to_owned(),
            "INPUT_OBJECT" => self.object(leaf(of)),
            _ => scalar(name, leaf(of)),
        }
    }

    /// An input object with its required fields; one that wants exactly one gets its first.
    fn object(&self, name: &str) -> String {
        let fields = self.named(name)["inputFields"].as_array().unwrap();
        let required: Vec<&Value> = fields.iter().filter(|field| is_required(field)).collect();
        let one_of = required.is_empty()
            && [
                "GridWhere",
                "LeadSelection",
                "LeadTarget",
                "LeavingInput",
                "PreviewSource",
                "PreviewSubject",
                "RadiusInput",
                "ReassignmentTarget",
            ]
            .contains(&name);
        let explained = |field: &Value| name == "ExplainCandidateInput" && field["name"] == "dealerId";
        let more: Vec<&Value> = fields.iter().filter(|field| explained(field)).collect();
        let chosen: Vec<&Value> = if one_of { fields.iter().take(1).collect() } else { required };
        let written = chosen.iter().chain(&more).map(|field| {
            let name = field["name"].as_str().unwrap();
            format!("{name}: {}", self.value(name, &field["type"]))
        });
        format!("{{{}}}", written.collect::<Vec<_>>().join(", "))
    }
}

fn is_required(field: &Value) -> bool {
    field["type"]["kind"] == "NON_NULL" && field["defaultValue"].is_null()
}

fn leaf(of: &Value) -> &str {
    if of["name"].is_string() { of["name"].as_str().unwrap() } else { leaf(&of["ofType"]) }
}

fn scalar(name: &str, of: &str) -> String {
    let id = |kind: &str| format!("\"{kind}_019200000000700080000000000000ff\"");
    match of {
        "ID" => match name {
            "dealerId" | "recipientId" => id("dlr"),
            "contactId" => id("con"),
            "userId" | "userIds" => id("usr"),
            "groupId" => id("grp"),
            "companyId" => id("com"),
            "categoryId" => id("cat"),
            "customFieldId" => id("fld"),
            "interfaceId" => id("ifc"),
            "backtestId" => id("bkt"),
            "jobId" => id("job"),
            "listId" => id("lst"),
            "uploadId" => id("upl"),
            "importId" => id("fim"),
            "deliveryId" => id("dlv"),
            "operationId" => id("op"),
            "calendarEventId" => id("cal"),
            _ => id("lead"),
        },
        "Int" => "1".to_owned(),
        "Float" => "1.0".to_owned(),
        "Boolean" => "true".to_owned(),
        "DateTime" => "\"2026-11-21T12:00:00Z\"".to_owned(),
        "JSON" => "{}".to_owned(),
        _ if name == "email" => "\"jo@example.net\"".to_owned(),
        _ if name == "text" => "\"true\"".to_owned(),
        _ => "\"x\"".to_owned(),
    }
}

async fn actors(app: &TestApp) -> Vec<Actor> {
    let dealer = app.new_dealer("Ann").await;
    let user = app.new_user("mia@example.com").await;
    let of = |role: Role| match role {
        Role::Admin => app.admin(),
        Role::Auditor => app.auditor(),
        Role::Manager => app.manager(user),
        Role::Member => app.member(user),
        Role::Dealer => app.dealer(dealer),
        Role::Partner => app.partner("web"),
    };
    Role::ALL.into_iter().map(of).collect()
}

fn is_forbidden(answer: &Value, field: &str) -> bool {
    let refused = |errors: &Value, code: fn(&Value) -> &Value| {
        errors.as_array().is_some_and(|errors| errors.iter().any(|error| code(error) == "FORBIDDEN"))
    };
    refused(&answer["errors"], |error| &error["extensions"]["code"])
        || refused(&answer["data"][field]["userErrors"], |error| &error["code"])
}

async fn check_table(app: &TestApp, root: &str, keyword: &str, table: &[(&str, &str)]) {
    let schema = Schema(app.graphql(&app.admin(), INTROSPECTION, json!({})).await);
    let fields = schema.fields(root);
    let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
    for name in &names {
        assert!(table.iter().any(|(row, _)| row == name), "`{name}` has no row: who may?");
    }
    for (row, _) in table {
        assert!(names.contains(row), "`{row}` is not in the schema any more");
    }
    let mut wrong = Map::new();
    for actor in actors(app).await {
        for field in &fields {
            let name = field["name"].as_str().unwrap();
            let query = format!("{keyword} {{ {} }}", schema.call(field));
            let answer = if keyword == "subscription" {
                subscribed(app, &actor, &query).await
            } else {
                app.graphql_answer(&actor, &query, json!({})).await
            };
            let internal = answer["errors"]
                .as_array()
                .is_some_and(|errors| errors.iter().any(|error| error["extensions"]["code"] == "INTERNAL"));
            assert!(!internal, "{query}\n{answer:#}");
            let allowed = table
                .iter()
                .any(|(row, roles)| *row == name && roles.split(' ').any(|role| role == actor.role.as_str()));
            if allowed == is_forbidden(&answer, name) {
                wrong.insert(format!("{} {name}", actor.role), answer);
            }
        }
    }
    assert!(wrong.is_empty(), "{:#}", Value::Object(wrong));
}

/// How a subscription begins: with an answer, or by going on.
async fn subscribed(app: &TestApp, actor: &Actor, query: &str) -> Value {
    let mut socket = Socket::of(app.server().address, &app.token(actor)).await;
    socket.subscribe("1", query, json!({})).await;
    let answer = tokio::select! {
        mut message = socket.message() => message["payload"].take(),
        () = until(|| app.app.live.feed_count() > 0) => Value::Null,
    };
    drop(socket);
    until(|| app.app.live.feed_count() == 0).await;
    answer
}

// ALLOC-4, API-7
#[tokio::test]
async fn every_subscription_is_refused_to_the_roles_that_may_not() {
    on(Engine::Sqlite, async |app| check_table(app, "Subscription", "subscription", SUBSCRIPTIONS).await).await;
}

// ALLOC-4
#[tokio::test]
async fn every_mutation_is_refused_to_the_roles_that_may_not() {
    on(Engine::Sqlite, async |app| {
        check_table(app, "Mutation", "mutation", MUTATIONS).await;
        app.leaves_work();
    })
    .await;
}

// ALLOC-4
#[tokio::test]
async fn every_query_is_refused_to_the_roles_that_may_not() {
    on(Engine::Sqlite, async |app| check_table(app, "Query", "query", QUERIES).await).await;
}
