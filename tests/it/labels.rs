//! What stands on a lead for people: source, campaign, language, visibility, alert. Changed one by one and in bulk, carried on, asked
//! for; and restricted leads, which nobody sees but admins, auditors and whoever has them (SPEC BULK-4, BULK-7, ALLOC-4).

use baton::actions::network::{Target as Changed, groups, users};
use baton::actions::reassign::{Reassignment, Target, reassign};
use baton::actions::{ActionError, Call};
use baton::domain::id::{DealerId, GroupId, LeadId, UserId};
use baton::domain::input::{GroupInput, UserInput};
use baton::domain::interface::{CandidateKind, Definition};
use baton::domain::label::{Labels, Visibility};
use baton::domain::lead::Recipient;
use baton::domain::{Actor, Role};
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::operations::code;
use crate::support::rules::{HOUR, nearest_first};
use crate::support::socket::{Socket, until};

const UPDATE: &str =
    "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id } userErrors { path code message } } }";

const READ: &str =
    "query($id: ID!) { lead(id: $id) { source campaign language visibility alert fileType workflowStatus followUpStatus
    progress custom excludedFromAutomation createdBy createdAt state } }";

async fn update(app: &TestApp, actor: &Actor, input: Value) -> Value {
    app.graphql(actor, UPDATE, json!({ "input": input })).await["updateLead"].take()
}

async fn noted(app: &TestApp, lead: LeadId) -> Value {
    app.graphql(&app.admin(), READ, json!({ "id": lead.to_string() })).await["lead"].take()
}

/// Gives a lead one field's value, by itself and in bulk.
async fn given(app: &TestApp, [single, bulk]: [LeadId; 2], field: &str, value: &Value) {
    let mut input = json!({ "leadId": single.to_string() });
    input[field] = value.clone();
    assert_eq!(update(app, &app.admin(), input).await["userErrors"], json!([]), "{field} {value}");
    let fields = Value::Object([(field.to_owned(), value.clone())].into_iter().collect());
    let input = json!({ "selection": { "leadIds": [bulk.to_string()] }, "fields": fields });
    let id = app.operated("prepareLeadUpdate", input).await;
    let (plan, before) = (app.operation(&id).await, noted(app, bulk).await);
    assert_eq!(plan["sample"][0]["before"][field], before[field], "{plan:#}");
    let done = app.ran(&id).await;
    assert_eq!(done["progress"]["changed"], 1, "{done:#}");
    let (shown, kept) = (&plan["sample"][0]["after"][field], noted(app, bulk).await[field].take());
    assert_eq!(*shown, kept, "what runs is what was shown");
}

// BULK-4
#[tokio::test]
async fn each_field_is_changed_by_itself_and_in_bulk_and_no_other() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let leads = [app.offered_lead(dealers[0]).await, app.offered_lead(dealers[0]).await];
        app.work().await;
        for (field, value, kept) in [
            ("source", json!("fair"), json!("fair")),
            ("campaign", json!("Spring"), json!("Spring")),
            ("language", json!("ES-mx"), json!("es-MX")),
            ("visibility", json!("RESTRICTED"), json!("RESTRICTED")),
            ("alert", json!("Call first"), json!("Call first")),
            ("campaign", json!(null), json!(null)),
            ("language", json!(null), json!(null)),
            ("visibility", json!("NORMAL"), json!("NORMAL")),
            ("alert", json!(null), json!(null)),
        ] {
            let mut expected = [noted(app, leads[0]).await, noted(app, leads[1]).await];
            for one in &mut expected {
                one[field] = kept.clone();
            }
            given(app, leads, field, &value).await;
            for (lead, expected) in leads.iter().zip(expected) {
                assert_eq!(noted(app, *lead).await, expected, "{field}");
            }
        }
        let last = app.graphql(&app.admin(), "query($id: ID!) { lead(id: $id) { latestEvent { before after } } }", json!({ "id": leads[1] })).await;
        // Without a change nothing is written.
        let input = json!({ "selection": { "all": true }, "fields": { "source": "fair", "visibility": "NORMAL", "alert": null } });
        let again = app.operated("prepareLeadUpdate", input).await;
        assert_eq!(app.operation(&again).await["unchangedCount"], 2);
        let line = &last["lead"]["latestEvent"];
        assert_eq!((&line["before"]["alert"], &line["after"]["alert"]), (&json!("Call first"), &json!(null)));
        assert_eq!((&line["after"]["source"], &line["after"]["visibility"]), (&json!("fair"), &json!("NORMAL")));
    })
    .await;
}

// BULK-4
#[tokio::test]
async fn bad_values_are_refused_with_their_place_and_nothing_changes() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let lead = app.offered_lead(dealers[0]).await;
        app.work().await;
        let (before, admin) = (noted(app, lead).await, app.admin());
        for (field, value, expected, words) in [
            ("source", json!(null), "REQUIRED", "source can't be cleared"),
            ("source", json!("  "), "REQUIRED", "source must not be blank"),
            ("source", json!("x".repeat(201)), "TOO_LONG", "at most 200"),
            ("campaign", json!("x".repeat(201)), "TOO_LONG", "at most 200"),
            ("language", json!("en_US"), "MALFORMED", "`en_US` is not a language tag, write it like `en` or `es-MX`"),
            ("visibility", json!(null), "REQUIRED", "visibility can't be cleared"),
            ("alert", json!("x".repeat(501)), "TOO_LONG", "at most 500"),
        ] {
            let mut input = json!({ "leadId": lead.to_string() });
            input[field] = value.clone();
            let single = update(app, &admin, input).await;
            let fields = Value::Object([(field.to_owned(), value.clone())].into_iter().collect());
            let input = json!({ "selection": { "all": true }, "fields": fields });
            let bulk = app.operate(&admin, "prepareLeadUpdate", input).await;
            for (refused, path) in [(single, json!([field])), (bulk, json!(["fields", field]))] {
                assert_eq!((code(&refused), &refused["userErrors"][0]["path"]), (expected, &path), "{refused:#}");
                let message = refused["userErrors"][0]["message"].as_str().unwrap();
                assert!(message.contains(words), "{message}");
            }
        }
        let unknown = json!({ "input": { "leadId": lead.to_string(), "visibility": "SECRET" } });
        let answer = app.graphql_answer(&admin, UPDATE, unknown).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("SECRET"), "{answer:#}");
        assert_eq!(noted(app, lead).await, before);
    })
    .await;
}

// BULK-4, ALLOC-4
#[tokio::test]
async fn who_works_on_a_lead_says_what_to_heed_and_who_manages_says_who_sees_it() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let lead = app.offered_lead(dealers[0]).await;
        app.work().await;
        let dealer = app.dealer(dealers[0]);
        let heeded =
            json!({ "leadId": lead.to_string(), "alert": "Call first", "campaign": "Spring", "language": "en" });
        assert_eq!(update(app, &dealer, heeded).await["userErrors"], json!([]));
        for (field, value) in [("source", "mine"), ("visibility", "NORMAL")] {
            let mut input = json!({ "leadId": lead.to_string() });
            input[field] = json!(value);
            for actor in [dealer.clone(), app.partner("web")] {
                assert_eq!(code(&update(app, &actor, input.clone()).await), "FORBIDDEN", "{field}");
            }
        }
        app.leaves_work();
    })
    .await;
}

/// Hands a lead to a user.
async fn handed_to(app: &TestApp, lead: LeadId, user: UserId) -> Result<LeadId, ActionError> {
    let admin = app.admin();
    let call = Call { actor: &admin, mutation: "reassignLeads", input: &Value::Null, key: None };
    let target = Target::Recipient(Recipient::User(user));
    let given = Reassignment {
        leads: vec![lead],
        target,
        reason: None,
        notify_new_owner: false,
        notify_old_owner: false,
        push_to_crm: false,
    };
    Ok(reassign(app.context(), call, given).await?.copies[0])
}

/// A manager with a group, a member of it, a dealer, and a lead in the hands of each.
struct Staffed {
    manager: Actor,
    member: Actor,
    ann: DealerId,
    group: GroupId,
    /// The manager's own, the member's, the dealer's.
    leads: [LeadId; 3],
}

async fn staffed(app: &TestApp) -> Staffed {
    let ann = app.new_dealer("Ann").await;
    let (mia, max) = (app.new_user("mia@example.com").await, app.new_user("max@example.com").await);
    let admin = app.admin();
    let call = |mutation| Call { actor: &admin, mutation, input: &Value::Null, key: None };
    let east = GroupInput { name: Some("East".to_owned()) };
    let east = groups::create_group(app.context(), call("createGroup"), &east).await.unwrap();
    for (user, manages) in [(mia, true), (max, false)] {
        groups::add_members(app.context(), call("addGroupMembers"), east, &[user], manages).await.unwrap();
    }
    let [own, theirs, dealers] =
        [app.offered_lead(ann).await, app.offered_lead(ann).await, app.offered_lead(ann).await];
    let leads = [handed_to(app, own, mia).await.unwrap(), handed_to(app, theirs, max).await.unwrap(), dealers];
    app.work().await;
    Staffed { manager: app.manager(mia), member: app.member(max), ann, group: east, leads }
}

async fn restrict(app: &TestApp, lead: LeadId) {
    let input = json!({ "leadId": lead.to_string(), "visibility": "RESTRICTED" });
    assert_eq!(update(app, &app.admin(), input).await["userErrors"], json!([]));
}

/// Which of these leads somebody sees: in the grid, its count, by id and as a node, in a file; all of them must say the same.
async fn seen(app: &TestApp, actor: &Actor, leads: &[LeadId]) -> Vec<bool> {
    let filter = "lead.state == 'OFFERED'";
    let query = "query($filter: String) { leads(first: 50, filter: $filter) { totalCount nodes { id } } draftLeadCount(filter: $filter) { count } }";
    let grid = app.graphql(actor, query, json!({ "filter": filter })).await;
    let listed: Vec<&str> =
        grid["leads"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!(grid["leads"]["totalCount"], listed.len());
    assert_eq!(grid["draftLeadCount"]["count"], listed.len());
    let mut seen = Vec::new();
    for lead in leads {
        let query = "query($id: ID!) { lead(id: $id) { id } node(id: $id) { id } }";
        let found = app.graphql(actor, query, json!({ "id": lead.to_string() })).await;
        let is_listed = listed.contains(&lead.to_string().as_str());
        assert_eq!((found["lead"].is_null(), found["node"].is_null()), (!is_listed, !is_listed));
        seen.push(is_listed);
    }
    let export = "mutation($input: ExportLeadsInput!) { exportLeads(input: $input) { download { path } } }";
    let input = json!({ "input": { "columns": ["lead.id"], "filter": filter } });
    let ordered = app.graphql(actor, export, input).await;
    let file = app.get(ordered["exportLeads"]["download"]["path"].as_str().unwrap()).await.body;
    let rows: Vec<&str> = file.lines().skip(1).collect();
    assert_eq!(rows.len(), listed.len(), "{file}");
    assert!(rows.iter().all(|row| listed.contains(row)), "{file}");
    seen
}

// BULK-4, ALLOC-4
#[tokio::test]
async fn a_restricted_lead_is_seen_by_admins_auditors_and_whoever_has_it_only() {
    on_each_database(async |app| {
        let Staffed { manager, member, ann, leads, .. } = staffed(app).await;
        let [own, theirs, dealers] = leads;
        let bob = app.new_dealer("Bob").await;
        let everybody = [
            (app.admin(), [true; 3], [true; 3]),
            (app.auditor(), [true; 3], [true; 3]),
            (manager.clone(), [true, true, false], [true, false, false]),
            (member, [false, true, false], [false, true, false]),
            (app.dealer(ann), [false, false, true], [false, false, true]),
            (app.dealer(bob), [false; 3], [false; 3]),
            (app.partner("web"), [true; 3], [false; 3]),
            (Actor { source: None, dealer: Some(ann), ..app.partner("web") }, [false, false, true], [false; 3]),
        ];
        for (actor, normal, _) in &everybody {
            assert_eq!(seen(app, actor, &leads).await, normal, "{} {:?}", actor.role, actor.dealer);
        }
        for lead in leads {
            restrict(app, lead).await;
        }
        for (actor, _, restricted) in &everybody {
            assert_eq!(seen(app, actor, &leads).await, restricted, "{} {:?}", actor.role, actor.dealer);
        }
        // Nor can it be changed, selected or named.
        let input = json!({ "leadId": theirs.to_string(), "progress": "2" });
        assert_eq!(code(&update(app, &manager, input).await), "NOT_FOUND");
        let fields = json!({ "progress": "2" });
        let all = json!({ "selection": { "filter": "lead.state == 'OFFERED'" }, "fields": fields });
        let plan = app.operate(&manager, "prepareLeadUpdate", all).await;
        assert_eq!(plan["operation"]["leadCount"], 1, "{plan:#}");
        for hidden in [theirs, dealers] {
            let named = json!({ "selection": { "leadIds": [own.to_string(), hidden.to_string()] }, "fields": fields });
            assert_eq!(code(&app.operate(&manager, "prepareLeadUpdate", named).await), "NOT_FOUND");
        }
        // A manager who restricts somebody else's lead does not see it any more.
        let open = app.offered_lead(ann).await;
        let open = handed_to(app, open, everybody[3].0.user.unwrap()).await.unwrap();
        let input = json!({ "leadId": open.to_string(), "visibility": "RESTRICTED" });
        assert_eq!(update(app, &manager, input).await, json!({ "lead": null, "userErrors": [] }));
        app.leaves_work();
    })
    .await;
}

// BULK-4, ALLOC-4
#[tokio::test]
async fn who_is_only_assigned_to_a_restricted_lead_does_not_see_it() {
    on_each_database(async |app| {
        let Staffed { manager, member, ann, leads: [_, _, lead], .. } = staffed(app).await;
        let create = "mutation { createCompany(input: { name: \"Law & Sons\" }) { company { id } } }";
        let firm = app.graphql(&app.admin(), create, json!({})).await["createCompany"]["company"]["id"].take();
        let companies = json!([{ "capacity": "LAW_FIRM", "companyId": firm }]);
        let users = json!([member.user.unwrap().to_string()]);
        let input = json!({ "leadId": lead.to_string(), "assignedUsers": users, "companies": companies });
        assert_eq!(update(app, &app.admin(), input).await["userErrors"], json!([]));
        let assigned = [member, manager, app.of_company(firm.as_str().unwrap().parse().unwrap())];
        for actor in &assigned {
            assert_eq!(seen(app, actor, &[lead]).await, [true], "{}", actor.role);
        }
        restrict(app, lead).await;
        for actor in &assigned {
            assert_eq!(seen(app, actor, &[lead]).await, [false], "{}", actor.role);
        }
        assert_eq!(seen(app, &app.dealer(ann), &[lead]).await, [true]);
        app.leaves_work();
    })
    .await;
}

// BULK-4, ALLOC-4, REP-2
#[tokio::test]
async fn nothing_of_a_restricted_copy_stands_in_the_timeline_of_an_open_one() {
    on_each_database(async |app| {
        let Staffed { manager, leads: [own, ..], .. } = staffed(app).await;
        let first = app.lead(own).await.root;
        let query = "query($id: ID!) { lead(id: $id) { copies { id } timeline(first: 50) { totalCount nodes { lead { id } } } } }";
        let timeline = async |actor: &Actor| {
            let read = app.graphql(actor, query, json!({ "id": own.to_string() })).await["lead"].take();
            (read["timeline"]["totalCount"].as_i64().unwrap(), read["copies"].as_array().unwrap().len())
        };
        let (whole, before) = (timeline(&app.admin()).await, timeline(&manager).await);
        assert_eq!(whole.0, before.0, "a manager reads what happened to every copy");
        restrict(app, first).await;
        let (whole, after) = (timeline(&app.admin()).await, timeline(&manager).await);
        let about_first = "query($id: ID!) { lead(id: $id) { timeline(first: 50, thisCopyOnly: true) { totalCount } } }";
        let hidden = app.graphql(&app.admin(), about_first, json!({ "id": first.to_string() })).await;
        let hidden = hidden["lead"]["timeline"]["totalCount"].as_i64().unwrap();
        assert!(hidden > 1 && after.0 == whole.0 - hidden, "{whole:?} {after:?} {hidden}");
        assert_eq!((whole.1, after.1), (2, 1));
        app.leaves_work();
    })
    .await;
}

// BULK-4, ALLOC-4, API-7
#[tokio::test]
async fn a_subscriber_is_told_of_a_restricted_lead_only_if_it_is_theirs() {
    on_each_database(async |app| {
        let Staffed { manager, member, leads: [own, theirs, _], .. } = staffed(app).await;
        restrict(app, theirs).await;
        let mut sockets = Vec::new();
        for actor in [manager, member, app.admin()] {
            let mut socket = Socket::of(app.server().address, &app.token(&actor)).await;
            let before = app.app.live.feed_count();
            socket.subscribe("1", "subscription { leadChanged { id } }", json!({})).await;
            until(|| app.app.live.feed_count() > before).await;
            sockets.push(socket);
        }
        for lead in [theirs, own] {
            let input = json!({ "leadId": lead.to_string(), "progress": "2" });
            assert_eq!(update(app, &app.admin(), input).await["userErrors"], json!([]));
            app.app.live.look().await.unwrap();
        }
        // The manager is told of the second only, the member of the first only, the admin of both.
        for (socket, expected) in sockets.iter_mut().zip([own, theirs, theirs]) {
            assert_eq!(socket.next_of("1").await["leadChanged"]["id"], json!(expected.to_string()));
        }
        app.leaves_work();
    })
    .await;
}

// BULK-4, ALLOC-4
#[tokio::test]
async fn a_job_neither_shows_nor_tells_a_manager_of_a_restricted_lead() {
    on_each_database(async |app| {
        let Staffed { manager, group, leads: [own, theirs, _], .. } = staffed(app).await;
        let admin = app.admin();
        let call = |mutation| Call { actor: &admin, mutation, input: &Value::Null, key: None };
        let moe = app.new_user("moe@example.com").await;
        groups::add_members(app.context(), call("addGroupMembers"), group, &[moe], false).await.unwrap();
        let boss = app.new_user("boss@example.com").await;
        let role = UserInput { role: Some(Role::Admin), ..UserInput::default() };
        users::update_user(app.context(), call("updateUser"), Changed::any(boss), &role).await.unwrap();
        let filter = "user.email == 'moe@example.com'".to_owned();
        let definition = Definition { filter, sort: Vec::new(), ..nearest_first() };
        let interface = app.interface("moe", CandidateKind::User, definition).await;
        let job = app.job("hourly", interface, |job| job.notify.manager = true).await;
        app.advance(HOUR);
        let query =
            "query($id: ID!) { dryRunReassignmentJob(jobId: $id) { dryRun { reassigned moves { lead { id } } } } }";
        let shown = async |actor: &Actor| {
            let run = app.graphql(actor, query, json!({ "id": job.to_string() })).await;
            let run = run["dryRunReassignmentJob"]["dryRun"].clone();
            assert_eq!(run["reassigned"], 3, "{run:#}");
            let mut moves: Vec<String> =
                run["moves"].as_array().unwrap().iter().map(|one| one["lead"]["id"].to_string()).collect();
            moves.sort_unstable();
            moves
        };
        assert_eq!((shown(&admin).await.len(), shown(&manager).await.len()), (3, 2));
        restrict(app, theirs).await;
        assert_eq!(shown(&manager).await, [format!("\"{own}\"")]);
        app.work().await;
        assert_eq!(app.newest(theirs).await.recipient, Some(Recipient::User(moe)));
        // Of the two others the manager of their new owner is told; of the restricted one only admins are.
        assert_eq!((app.mails_to("mia@example.com").len(), app.mails_to("boss@example.com").len()), (2, 1));
    })
    .await;
}

// BULK-4
#[tokio::test]
async fn they_go_along_when_a_lead_is_handed_on() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let lead = app.offered_lead(dealers[2]).await;
        app.work().await;
        let input = json!({ "leadId": lead.to_string(), "source": "fair", "campaign": "Spring", "language": "fr", "visibility": "RESTRICTED",
            "alert": "Call first" });
        assert_eq!(update(app, &app.admin(), input).await["userErrors"], json!([]));
        let expected = Labels {
            campaign: Some("Spring".to_owned()),
            language: Some("fr".to_owned()),
            visibility: Visibility::Restricted,
            alert: Some("Call first".to_owned()),
        };
        let by_hand = app.reassign(lead, dealers[1]).await;
        let id = app.prepared(json!({ "leadIds": [by_hand.to_string()] }), json!({ "nearest": true })).await;
        app.ran(&id).await;
        let in_bulk = app.newest(lead).await;
        assert_ne!(in_bulk.id, by_hand);
        for copy in [app.lead(by_hand).await, in_bulk] {
            assert_eq!((copy.source.as_str(), &copy.labels), ("fair", &expected));
        }
        app.work().await;
    })
    .await;
}

// BULK-4, BULK-10, EXPR-7: given with the lead, shown in lists and files, and asked for by text as by fields.
#[tokio::test]
async fn campaign_and_language_come_in_with_a_lead_and_all_of_them_are_asked_for() {
    on_each_database(async |app| {
        let admin = app.admin();
        let submit = "mutation($input: SubmitLeadInput!) { submitLead(input: $input) {
            lead { id campaign language visibility alert request { campaign language } } userErrors { path code message } } }";
        let input = |language: &str| json!({ "source": "web", "phone": "+15550100", "campaign": " Spring ", "language": language });
        let made = app.graphql(&admin, submit, json!({ "input": input("EN-us") })).await["submitLead"].take();
        assert_eq!(made["lead"]["request"], json!({ "campaign": "Spring", "language": "en-US" }), "{made:#}");
        let lead = made["lead"]["id"].as_str().unwrap().to_owned();
        assert_eq!((&made["lead"]["campaign"], &made["lead"]["language"]), (&json!("Spring"), &json!("en-US")));
        assert_eq!((&made["lead"]["visibility"], &made["lead"]["alert"]), (&json!("NORMAL"), &json!(null)));
        let refused = app.graphql(&admin, submit, json!({ "input": input("English!") })).await["submitLead"].take();
        assert_eq!((code(&refused), &refused["userErrors"][0]["path"]), ("MALFORMED", &json!(["language"])));
        let other = app.graphql(&admin, submit, json!({ "input": { "source": "web", "phone": "+15550101" } })).await;
        let other = other["submitLead"]["lead"]["id"].as_str().unwrap().to_owned();
        // The copy's own count, not the request's.
        let changed = json!({ "leadId": lead, "campaign": "Summer", "alert": "Call first", "visibility": "RESTRICTED" });
        assert_eq!(update(app, &admin, changed).await["userErrors"], json!([]));
        let list = "query($where: LeadWhere, $filter: String) { leads(first: 9, where: $where, filter: $filter) { nodes { id } } }";
        for (fields, text, expected) in [
            (json!({ "campaign": { "eq": "Summer" } }), "lead.campaign == 'Summer'", &lead),
            (json!({ "language": { "startsWith": "en" } }), "lead.language.startsWith('en')", &lead),
            (json!({ "visibility": { "eq": "RESTRICTED" } }), "lead.visibility == 'RESTRICTED'", &lead),
            (json!({ "visibility": { "in": ["NORMAL"] } }), "lead.visibility in ['NORMAL']", &other),
            (json!({ "alert": { "isMissing": false } }), "has(lead.alert)", &lead),
            (json!({ "alert": { "isMissing": true } }), "!has(lead.alert)", &other),
        ] {
            for variables in [json!({ "where": fields }), json!({ "filter": text })] {
                let found = app.graphql(&admin, list, variables.clone()).await;
                assert_eq!(found["leads"]["nodes"], json!([{ "id": expected }]), "{variables}");
            }
        }
        let export = "mutation($input: ExportLeadsInput!) { exportLeads(input: $input) { download { path } } }";
        let columns = json!({ "columns": ["lead.campaign", "lead.language", "lead.visibility", "lead.alert"], "filter": "has(lead.alert)" });
        let ordered = app.graphql(&admin, export, json!({ "input": columns })).await;
        let file = app.get(ordered["exportLeads"]["download"]["path"].as_str().unwrap()).await.body;
        assert_eq!(file, "Campaign,Language,Visibility,Alert\r\nSummer,en-US,RESTRICTED,Call first\r\n");
        app.leaves_work();
    })
    .await;
}

// BULK-4, ACK-6: the recipient reads it on top of the acknowledged lead, and not before.
#[tokio::test]
async fn an_alert_stands_on_the_acknowledged_leads_page() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        app.work().await;
        let input = json!({ "leadId": lead.to_string(), "alert": "Call <first>" });
        assert_eq!(update(app, &app.admin(), input).await["userErrors"], json!([]));
        let link = app.latest_link("ann@example.org");
        assert!(!app.get(&link).await.body.contains("Call"));
        app.post(&format!("{link}/acknowledge"), &[]).await;
        let page = app.get(&link).await.body;
        assert!(page.contains("Call &#60;first&#62;") || page.contains("Call &lt;first&gt;"), "{page}");
        app.leaves_work();
    })
    .await;
}
