//! Assignments: who works on a lead besides whoever has it, and the companies that are granted access: changed one by one and in bulk,
//! carried along, taken back, and what each of them sees (SPEC BULK-4, BULK-7, ALLOC-4).

use baton::actions::export::LeadExport;
use baton::domain::Actor;
use baton::domain::assignment::{Assignments, Capacity};
use baton::domain::download::LeadTable;
use baton::domain::id::{LeadId, UserId};
use baton::domain::interface::CandidateKind;
use baton::domain::lead::Recipient;
use baton::domain::list::{BaseSet, ListSort};
use baton::store::assignments;
use baton::store::leads::LeadFilter;
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::operations::code;
use crate::support::socket::{Socket, until};

const UPDATE: &str = "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { id version
    assignedUsers { id } roleAssignments { role user { id } } companyAssignments { capacity company { id name } } }
    userErrors { path code message } } }";

const SEEN: &str = "{ leads(first: 50) { totalCount nodes { id request { person { lastName } } } } }";

/// Two users and two companies.
struct People {
    mia: UserId,
    max: UserId,
    firm: String,
    agency: String,
}

async fn people(app: &TestApp) -> People {
    let (mia, max) = (app.new_user("mia@example.com").await, app.new_user("max@example.com").await);
    People { mia, max, firm: company(app, "Law & Sons").await, agency: company(app, "Loud").await }
}

async fn company(app: &TestApp, name: &str) -> String {
    let made = change_company(app, "createCompany", "CreateCompanyInput", json!({ "name": name })).await;
    made["company"]["id"].as_str().unwrap().to_owned()
}

async fn change_company(app: &TestApp, mutation: &str, kind: &str, input: Value) -> Value {
    let document = format!(
        "mutation($input: {kind}!) {{ {mutation}(input: $input) {{ company {{ id name active version }}
         userErrors {{ path code message }} }} }}"
    );
    app.graphql(&app.admin(), &document, json!({ "input": input })).await[mutation].take()
}

async fn update(app: &TestApp, actor: &Actor, lead: LeadId, mut fields: Value) -> Value {
    fields["leadId"] = json!(lead.to_string());
    app.graphql(actor, UPDATE, json!({ "input": fields })).await["updateLead"].take()
}

/// Assigns, as an admin.
async fn assign(app: &TestApp, lead: LeadId, fields: Value) {
    let done = update(app, &app.admin(), lead, fields).await;
    assert_eq!(done["userErrors"], json!([]), "{done:#}");
}

async fn assigned(app: &TestApp, lead: LeadId) -> Assignments {
    let found = assignments::list_by_leads(app.store().reader(), app.tenant.id, &[lead]).await.unwrap();
    found.into_values().next().unwrap_or_default()
}

/// The ids of the leads that somebody sees, as a list, counted, and each by its id.
async fn seen(app: &TestApp, actor: &Actor) -> Vec<String> {
    let data = app.graphql(actor, SEEN, json!({})).await;
    let nodes = data["leads"]["nodes"].as_array().unwrap();
    assert_eq!(data["leads"]["totalCount"], json!(nodes.len()));
    let mut ids: Vec<String> = nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    for lead in app.all_leads(&LeadFilter::default()).await {
        let id = lead.id.to_string();
        let one = app.graphql(actor, "query($id: ID!) { lead(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(one["lead"].is_object(), ids.contains(&id), "{id} in the list and by its id");
    }
    ids
}

fn sorted(leads: &[LeadId]) -> Vec<String> {
    let mut ids: Vec<String> = leads.iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

async fn person_of(app: &TestApp, actor: &Actor, lead: LeadId) -> Value {
    let query = "query($id: ID!) { lead(id: $id) { request { person { lastName } } } }";
    let data = app.graphql(actor, query, json!({ "id": lead.to_string() })).await;
    data["lead"]["request"]["person"].clone()
}

/// The last names in a file of all that somebody sees.
async fn exported(app: &TestApp, actor: &Actor) -> Vec<String> {
    let table = LeadTable {
        name: "All".to_owned(),
        base: BaseSet::All,
        filter: String::new(),
        sort: ListSort::default(),
        columns: vec!["customer.last_name".to_owned()],
    };
    let mut export = LeadExport::open(app.context(), actor, &table).await.unwrap();
    let mut file = String::new();
    while let Some(page) = export.next().await.unwrap() {
        file.push_str(&String::from_utf8(page).unwrap());
    }
    file.lines().skip(1).map(|line| line.trim_start_matches('\u{feff}').to_owned()).collect()
}

fn of_company(app: &TestApp, id: &str) -> Actor {
    app.of_company(id.parse().unwrap())
}

// BULK-4
#[tokio::test]
async fn companies_are_made_renamed_and_deactivated_by_admins_and_read_by_staff() {
    on_each_database(async |app| {
        let firm = company(app, "Law & Sons").await;
        company(app, "Loud").await;
        let twice = change_company(app, "createCompany", "CreateCompanyInput", json!({ "name": " Loud " })).await;
        assert_eq!((code(&twice), &twice["userErrors"][0]["path"]), ("TAKEN", &json!(["name"])), "{twice:#}");
        let blank = change_company(app, "createCompany", "CreateCompanyInput", json!({ "name": " " })).await;
        assert_eq!(code(&blank), "REQUIRED");
        let input = json!({ "companyId": firm, "active": false, "expectedVersion": 1 });
        let changed = change_company(app, "updateCompany", "UpdateCompanyInput", input.clone()).await;
        let company = &changed["company"];
        assert_eq!((&company["name"], &company["active"], &company["version"]), (&json!("Law & Sons"), &json!(false), &json!(2)));
        assert_eq!(code(&change_company(app, "updateCompany", "UpdateCompanyInput", input).await), "CONFLICT");
        let query = "query($id: ID!) { company(id: $id) { name } node(id: $id) { id } companies(first: 5) { totalCount nodes { name } }
            active: companies(first: 5, activeOnly: true) { totalCount nodes { name } } }";
        let user = app.new_user("mia@example.com").await;
        for actor in [app.admin(), app.auditor(), app.manager(user), app.member(user)] {
            let data = app.graphql(&actor, query, json!({ "id": firm })).await;
            assert_eq!((&data["company"]["name"], &data["node"]["id"]), (&json!("Law & Sons"), &json!(firm)));
            assert_eq!(data["companies"], json!({ "totalCount": 2, "nodes": [{ "name": "Law & Sons" }, { "name": "Loud" }] }));
            assert_eq!(data["active"], json!({ "totalCount": 1, "nodes": [{ "name": "Loud" }] }));
        }
        let dealer = app.new_dealer("Ann").await;
        let other = app.another_tenant("boreal").await;
        let stranger = app.in_tenant(other.id, app.admin());
        for actor in [app.dealer(dealer), app.partner("web"), of_company(app, &firm), stranger] {
            let data = app.graphql(&actor, query, json!({ "id": firm })).await;
            assert_eq!((&data["company"], &data["node"], &data["companies"]["nodes"]), (&json!(null), &json!(null), &json!([])));
        }
        let log = "query($id: ID!) { events(first: 9, filter: { subject: $id }) { nodes { kind before after } } }";
        let lines = app.graphql(&app.auditor(), log, json!({ "id": firm })).await["events"]["nodes"].take();
        let change = json!({ "kind": "UPDATED", "before": { "active": true }, "after": { "active": false } });
        assert_eq!((lines.as_array().unwrap().len(), &lines[0]), (2, &change));
    })
    .await;
}

// BULK-4, REP-2
#[tokio::test]
async fn only_the_assignments_that_are_named_change_and_the_timeline_tells_what_was_and_is() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        let People { mia, max, firm, agency } = people(app).await;
        let fields = json!({ "progress": "2", "assignedUsers": [max.to_string(), mia.to_string()],
            "roles": [{ "role": " BDC ", "userId": mia.to_string() }, { "role": "F&I", "userId": max.to_string() }],
            "companies": [{ "capacity": "LAW_FIRM", "companyId": firm }, { "capacity": "VENDOR", "companyId": firm }] });
        let done = update(app, &app.admin(), lead, fields).await["lead"].take();
        assert_eq!(done["assignedUsers"], json!([{ "id": max.to_string() }, { "id": mia.to_string() }]), "in their order");
        let version = app.lead(lead).await.version;
        assert_eq!(done["version"], json!(version), "a change of assignments is a change of the lead");
        let before = assigned(app, lead).await;
        let fields = json!({ "roles": [{ "role": "BDC", "userId": null }],
            "companies": [{ "capacity": "VENDOR", "companyId": null }, { "capacity": "MARKETING", "companyId": agency }] });
        let done = update(app, &app.admin(), lead, fields).await["lead"].take();
        assert_eq!(done["roleAssignments"], json!([{ "role": "F&I", "user": { "id": max.to_string() } }]));
        let companies = json!([{ "capacity": "MARKETING", "company": { "id": agency, "name": "Loud" } },
            { "capacity": "LAW_FIRM", "company": { "id": firm, "name": "Law & Sons" } }]);
        assert_eq!(done["companyAssignments"], companies);
        let after = assigned(app, lead).await;
        assert_eq!(after.users, before.users);
        assert_eq!(app.lead(lead).await.workflow.progress.as_deref(), Some("2"));
        update(app, &app.admin(), lead, json!({ "progress": "3" })).await;
        assert_eq!(assigned(app, lead).await, after, "who is assigned stays when it is not named");
        let query = "query($id: ID!) { lead(id: $id) { timeline(last: 2) { nodes { kind before after } } } }";
        let lines = app.graphql(&app.admin(), query, json!({ "id": lead.to_string() })).await;
        let line = &lines["lead"]["timeline"]["nodes"][0];
        let told = |assigned: &Assignments| serde_json::to_value(assigned).unwrap();
        for (side, assigned) in [("before", told(&before)), ("after", told(&after))] {
            for (name, value) in assigned.as_object().unwrap() {
                assert_eq!(&line[side][name], value, "{line:#}");
            }
        }
        assert!(lines["lead"]["timeline"]["nodes"][1]["after"]["roles"].is_null(), "nothing is told of what is not named");
        assign(app, lead, json!({ "assignedUsers": [] })).await;
        assert!(assigned(app, lead).await.users.is_empty());
        app.leaves_work();
    })
    .await;
}

// BULK-4
#[tokio::test]
async fn whoever_is_unknown_not_active_or_named_twice_is_refused_with_their_place() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        let People { mia, max, firm, agency } = people(app).await;
        let gone = json!({ "companyId": agency, "active": false });
        change_company(app, "updateCompany", "UpdateCompanyInput", gone).await;
        let deactivate =
            "mutation($input: DeactivateUserInput!) { deactivateUser(input: $input) { userErrors { message } } }";
        app.graphql(&app.admin(), deactivate, json!({ "input": { "userId": max.to_string() } })).await;
        let (mia, max) = (mia.to_string(), max.to_string());
        let nobody = "usr_019200000000700080000000000000ff";
        let role = |role: &str, user: &str| json!({ "role": role, "userId": user });
        let many: Vec<Value> = (0..21).map(|number| role(&format!("r{number}"), &mia)).collect();
        let refusals = [
            (json!({ "assignedUsers": [mia, nobody] }), "assignedUsers.1", "NOT_FOUND"),
            (json!({ "assignedUsers": [max] }), "assignedUsers.0", "NOT_ALLOWED"),
            (json!({ "assignedUsers": [mia, mia] }), "assignedUsers.1", "NOT_ALLOWED"),
            (json!({ "assignedUsers": [firm] }), "assignedUsers.0", "MALFORMED"),
            (json!({ "assignedUsers": vec![nobody; 21] }), "assignedUsers", "TOO_LONG"),
            (json!({ "roles": [role("BDC", &max)] }), "roles.0.userId", "NOT_ALLOWED"),
            (json!({ "roles": [role("BDC", &mia), role("BDC ", &mia)] }), "roles.1.role", "NOT_ALLOWED"),
            (json!({ "roles": [role(&"x".repeat(61), &mia)] }), "roles.0.role", "TOO_LONG"),
            (json!({ "roles": many }), "roles", "TOO_LONG"),
            (
                json!({ "companies": [{ "capacity": "VENDOR", "companyId": agency }] }),
                "companies.0.companyId",
                "NOT_ALLOWED",
            ),
            (
                json!({ "companies": [{ "capacity": "VENDOR", "companyId": firm }, { "capacity": "VENDOR" }] }),
                "companies.1.capacity",
                "NOT_ALLOWED",
            ),
        ];
        for (fields, path, expected) in refusals {
            let single = update(app, &app.admin(), lead, fields.clone()).await;
            let input = json!({ "selection": { "all": true }, "fields": fields });
            let bulk = app.operate(&app.admin(), "prepareLeadUpdate", input).await;
            for (payload, path) in [(single, path.to_owned()), (bulk, format!("fields.{path}"))] {
                let found: Vec<&str> = payload["userErrors"][0]["path"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| name.as_str().unwrap())
                    .collect();
                assert_eq!((found.join("."), code(&payload)), (path, expected), "{payload:#}");
            }
        }
        assert_eq!(assigned(app, lead).await, Assignments::default());
        // Those who are taken off need not be there any more, and a lead that is full takes no further role.
        assign(app, lead, json!({ "roles": many[..20] })).await;
        let more = update(app, &app.admin(), lead, json!({ "roles": [role("one more", &mia)] })).await;
        assert_eq!(code(&more), "TOO_LONG", "{more:#}");
        assign(app, lead, json!({ "roles": [{ "role": "r0" }, role("one more", &mia)] })).await;
        let member = app.member(mia.parse().unwrap());
        let own = update(app, &member, lead, json!({ "assignedUsers": [mia] })).await;
        assert_eq!(code(&own), "FORBIDDEN", "{own:#}");
        let noted = update(app, &member, lead, json!({ "progress": "5" })).await;
        assert_eq!(noted["userErrors"], json!([]), "who is assigned may note on it as on their own");
        assign(app, lead, json!({ "assignedUsers": [mia] })).await;
        assign(app, lead, json!({ "assignedUsers": null })).await;
        assert!(assigned(app, lead).await.users.is_empty(), "null takes all away");
        app.leaves_work();
    })
    .await;
}

// ALLOC-4
#[tokio::test]
async fn whoever_is_assigned_sees_the_lead_with_its_customer_and_nobody_else_does() {
    on_each_database(async |app| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        let (first, second, third) = (app.offered_lead(ann).await, app.offered_lead(ann).await, app.offered_lead(bob).await);
        let People { mia, max, firm, agency } = people(app).await;
        let boss = app.new_user("boss@example.com").await;
        let group = "mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id } } }";
        let group = app.graphql(&app.admin(), group, json!({ "input": { "name": "Team" } })).await["createGroup"]["group"]["id"].take();
        let join = "mutation($input: AddGroupMembersInput!) { addGroupMembers(input: $input) { userErrors { message } } }";
        for (user, manages) in [(boss, true), (mia, false)] {
            let input = json!({ "groupId": group, "userIds": [user.to_string()], "manages": manages });
            app.graphql(&app.admin(), join, json!({ "input": input })).await;
        }
        let actors = [app.member(mia), app.member(max), app.manager(boss), of_company(app, &firm), of_company(app, &agency)];
        for actor in &actors {
            assert_eq!(seen(app, actor).await, Vec::<String>::new());
        }
        let mut socket = Socket::of(app.server().address, &app.token(&actors[3])).await;
        socket.subscribe("1", "subscription { leadChanged { id request { person { lastName } } } }", json!({})).await;
        until(|| app.app.live.feed_count() > 0).await;
        assign(app, first, json!({ "assignedUsers": [mia.to_string()] })).await;
        assign(app, second, json!({ "roles": [{ "role": "BDC", "userId": max.to_string() }],
            "companies": [{ "capacity": "LAW_FIRM", "companyId": firm }, { "capacity": "VENDOR", "companyId": firm }] })).await;
        assign(app, third, json!({ "roles": [{ "role": "BDC", "userId": mia.to_string() }],
            "companies": [{ "capacity": "MARKETING", "companyId": agency }] })).await;
        let reach = [vec![first, third], vec![second], vec![first, third], vec![second], vec![third]];
        for (actor, leads) in actors.iter().zip(&reach) {
            assert_eq!(seen(app, actor).await, sorted(leads), "{actor:?}");
            for lead in leads {
                assert_eq!(person_of(app, actor, *lead).await, json!({ "lastName": "Doe" }), "{actor:?}");
            }
            let counted = app.graphql(actor, "{ draftLeadCount { count } }", json!({})).await;
            assert_eq!(counted["draftLeadCount"]["count"], json!(leads.len()), "{actor:?}");
            assert_eq!(exported(app, actor).await, vec!["Doe"; leads.len()], "{actor:?}");
        }
        let input = json!({ "selection": { "all": true }, "fields": { "progress": "2" } });
        let planned = app.operate(&actors[2], "prepareLeadUpdate", input).await;
        assert_eq!(planned["operation"]["leadCount"], json!(2), "what a manager selects is what a manager sees: {planned:#}");
        app.app.live.look().await.unwrap();
        let told = socket.next_of("1").await["leadChanged"].take();
        assert_eq!((&told["id"], &told["request"]["person"]["lastName"]), (&json!(second.to_string()), &json!("Doe")));
        drop(socket);
        assert_eq!(person_of(app, &app.dealer(ann), second).await, json!(null), "its recipient acknowledges first");
        assert_eq!(person_of(app, &app.auditor(), second).await, json!(null));
        // Whoever is only assigned does not answer for the recipient.
        let answer = "mutation($id: ID!) { acknowledgeLead(input: { leadId: $id }) { userErrors { code } } }";
        for (actor, lead) in [(&actors[0], first), (&actors[3], second)] {
            let refused = app.graphql(actor, answer, json!({ "id": lead.to_string() })).await;
            assert_eq!(code(&refused["acknowledgeLead"]), "NOT_ALLOWED", "{actor:?}");
        }
        // The timeline tells nobody but staff who is assigned.
        let timeline = "query($id: ID!) { lead(id: $id) { timeline(first: 50) { nodes { after } } } }";
        for (actor, is_staff) in [(&app.admin(), true), (&app.dealer(ann), false), (&actors[3], false)] {
            let told = app.graphql(actor, timeline, json!({ "id": second.to_string() })).await.to_string();
            assert_eq!(told.contains("LAW_FIRM"), is_staff, "{told}");
            assert!(told.contains("followUpStatus"), "the rest of it is shown: {told}");
        }
        // A company knows of itself, staff of all.
        let query = "query($id: ID!) { lead(id: $id) { companyAssignments { company { name } } roleAssignments { user { name email } } } }";
        assign(app, second, json!({ "companies": [{ "capacity": "PARTNER", "companyId": agency }] })).await;
        let shown = async |actor: &Actor| app.graphql(actor, query, json!({ "id": second.to_string() })).await["lead"].take();
        let own = json!([{ "company": { "name": "Law & Sons" } }, { "company": { "name": "Law & Sons" } }]);
        let by_firm = shown(&actors[3]).await;
        assert_eq!((&by_firm["companyAssignments"], &by_firm["roleAssignments"][0]["user"]["email"]), (&own, &json!(null)));
        assert_eq!(shown(&app.admin()).await["companyAssignments"].as_array().unwrap().len(), 3);
        assert_eq!(shown(&app.dealer(ann)).await["companyAssignments"], json!([]));
        // One that is not active sees nothing, and what was assigned to it is there when it comes back.
        for (active, count) in [(false, 0), (true, 1)] {
            change_company(app, "updateCompany", "UpdateCompanyInput", json!({ "companyId": firm, "active": active })).await;
            assert_eq!(seen(app, &actors[3]).await.len(), count);
        }
        assign(app, second, json!({ "roles": [{ "role": "BDC" }], "companies": [{ "capacity": "LAW_FIRM" }] })).await;
        assert_eq!(seen(app, &actors[1]).await, Vec::<String>::new());
        assert_eq!(seen(app, &actors[3]).await, sorted(&[second]), "it is the vendor still");
        app.leaves_work();
    })
    .await;
}

// ALLOC-4, ACK-1
#[tokio::test]
async fn a_company_sees_what_happened_to_its_copies_only_and_hands_nothing_in() {
    on_each_database(async |app| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        let first = app.offered_lead(ann).await;
        let second = app.reassign(first, bob).await;
        let firm = company(app, "Law & Sons").await;
        assign(app, second, json!({ "companies": [{ "capacity": "LAW_FIRM", "companyId": firm }] })).await;
        let query = "query($id: ID!) { lead(id: $id) { copies { id } parent { id } timeline(first: 50) { nodes { subject } } } }";
        let actor = of_company(app, &firm);
        let data = app.graphql(&actor, query, json!({ "id": second.to_string() })).await["lead"].take();
        assert_eq!((&data["copies"], &data["parent"]), (&json!([{ "id": second.to_string() }]), &json!(null)));
        let lines = data["timeline"]["nodes"].as_array().unwrap();
        assert!(!lines.is_empty() && lines.iter().all(|line| line["subject"] == second.to_string()), "{lines:#?}");
        let submit = "mutation($input: SubmitLeadInput!) { submitLead(input: $input) { userErrors { code path } } }";
        let input = json!({ "input": { "source": "web", "email": "jo@example.net" } });
        let refused = app.graphql(&actor, submit, input).await["submitLead"].take();
        assert_eq!(code(&refused), "FORBIDDEN", "{refused:#}");
        let both = Actor { source: Some("elsewhere".to_owned()), ..actor };
        assert_eq!(seen(app, &both).await, Vec::<String>::new(), "two limits hold together");
        let both = Actor { source: Some("web".to_owned()), ..both };
        assert_eq!(seen(app, &both).await, sorted(&[second]));
        app.leaves_work();
    })
    .await;
}

// ALLOC-4, ACK-1
#[tokio::test]
async fn a_user_acknowledges_their_own_lead_before_they_see_its_customer_also_when_others_are_assigned() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        let (mia, max) = (app.new_user("mia@example.com").await, app.new_user("max@example.com").await);
        let id = app.prepared(json!({ "all": true }), json!({ "userId": mia.to_string() })).await;
        app.ran(&id).await;
        let own = app.newest(lead).await;
        assert_eq!(own.recipient, Some(Recipient::User(mia)));
        assign(app, own.id, json!({ "assignedUsers": [max.to_string()] })).await;
        assert_eq!(seen(app, &app.member(mia)).await, sorted(&[own.id]));
        assert_eq!(person_of(app, &app.member(mia), own.id).await, json!(null));
        assert_eq!(person_of(app, &app.member(max), own.id).await, json!({ "lastName": "Doe" }));
        app.leaves_work();
    })
    .await;
}

/// Everybody's assignments, as the database has them.
async fn picture(app: &TestApp) -> Vec<(String, Assignments)> {
    let mut all = Vec::new();
    for lead in app.all_leads(&LeadFilter::default()).await {
        let assigned = assigned(app, lead.id).await;
        if assigned != Assignments::default() {
            all.push((lead.id.to_string(), assigned));
        }
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

// BULK-4, BULK-3, BULK-7
#[tokio::test]
async fn many_leads_are_assigned_at_once_and_an_undo_restores_each_exactly() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let (first, second, third) = (app.offered_lead(dealer).await, app.offered_lead(dealer).await, app.offered_lead(dealer).await);
        let People { mia, max, firm, agency } = people(app).await;
        app.work().await;
        assign(app, first, json!({ "assignedUsers": [max.to_string(), mia.to_string()],
            "roles": [{ "role": "BDC", "userId": max.to_string() }, { "role": "F&I", "userId": mia.to_string() }] })).await;
        assign(app, second, json!({ "companies": [{ "capacity": "VENDOR", "companyId": agency }] })).await;
        let fields = json!({ "assignedUsers": [mia.to_string()], "roles": [{ "role": "BDC", "userId": mia.to_string() }],
            "companies": [{ "capacity": "VENDOR", "companyId": firm }, { "capacity": "LAW_FIRM", "companyId": null }] });
        assign(app, third, fields.clone()).await;
        let before = picture(app).await;
        let id = app.operated("prepareLeadUpdate", json!({ "selection": { "all": true }, "fields": fields })).await;
        let plan = app.operation(&id).await;
        assert_eq!([&plan["changeCount"], &plan["unchangedCount"]], [&json!(2), &json!(1)], "the third is so already: {plan:#}");
        let sample = plan["sample"].as_array().unwrap().iter().find(|one| one["lead"]["id"] == first.to_string()).unwrap();
        assert_eq!(sample["before"]["assignedUsers"], json!([max.to_string(), mia.to_string()]));
        let roles = json!({ "BDC": mia.to_string(), "F&I": mia.to_string() });
        assert_eq!((&sample["after"]["roles"], &sample["after"]["companies"]), (&roles, &json!({ "VENDOR": firm })), "{sample:#}");
        let query = "query($id: ID!) { operation(id: $id) { change { ... on OperationUpdate { fields } } } }";
        let shown = app.graphql(&app.admin(), query, json!({ "id": id })).await["operation"]["change"]["fields"].take();
        assert_eq!(shown, fields);
        assert_eq!(picture(app).await, before, "nothing changes before the run");
        app.ran(&id).await;
        let changed = assigned(app, first).await;
        assert_eq!((&changed.users, changed.roles.len()), (&vec![mia], 2), "a role that is not named stays");
        assert_eq!(changed.companies.into_keys().collect::<Vec<_>>(), [Capacity::Vendor]);
        assert_eq!(assigned(app, second).await.companies, assigned(app, third).await.companies);
        assert_eq!(seen(app, &of_company(app, &firm)).await.len(), 3);
        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        let done = app.ran(&undo).await;
        assert_eq!(done["progress"]["changed"], json!(2), "{done:#}");
        assert_eq!(picture(app).await, before);
        let query = "query($id: ID!) { lead(id: $id) { latestEvent { kind before after } } }";
        let line = app.graphql(&app.admin(), query, json!({ "id": first.to_string() })).await["lead"]["latestEvent"].take();
        assert_eq!((&line["kind"], &line["after"]["roles"]["BDC"]), (&json!("LEAD_RESTORED"), &json!(max.to_string())), "{line:#}");
        assert_eq!(line["before"]["roles"]["BDC"], json!(mia.to_string()));
        // Whoever changes an assignment meanwhile is not overwritten.
        let again = app.operated("prepareLeadUpdate", json!({ "selection": { "all": true }, "fields": fields })).await;
        app.ran(&again).await;
        assign(app, first, json!({ "assignedUsers": [] })).await;
        let undo = app.operated("prepareUndo", json!({ "operationId": again })).await;
        assert_eq!(app.operation(&undo).await["problems"], json!([{ "reason": "CHANGED_SINCE", "leadCount": 1 }]));
    })
    .await;
}

// BULK-3
#[tokio::test]
async fn whoever_leaves_between_the_plan_and_its_run_is_not_assigned() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        app.offered_lead(dealer).await;
        let firm = company(app, "Law & Sons").await;
        app.work().await;
        let fields = json!({ "companies": [{ "capacity": "LAW_FIRM", "companyId": firm }] });
        let id = app.operated("prepareLeadUpdate", json!({ "selection": { "all": true }, "fields": fields })).await;
        change_company(app, "updateCompany", "UpdateCompanyInput", json!({ "companyId": firm, "active": false })).await;
        let done = app.ran(&id).await;
        let result = &done["results"]["nodes"][0];
        assert_eq!((&result["outcome"], &result["reason"]), (&json!("SKIPPED"), &json!("TARGET_GONE")), "{done:#}");
        assert!(result["message"].as_str().unwrap().contains("Law & Sons"), "{done:#}");
        assert_eq!(picture(app).await, []);
    })
    .await;
}

// ALLOC-4
#[tokio::test]
async fn who_is_assigned_goes_along_to_every_new_copy_and_leaves_a_copy_that_is_taken_back() {
    on_each_database(async |app| {
        let dealers = app.dealers(4).await;
        let lead = app.offered_lead(dealers[3]).await;
        let People { mia, max, firm, .. } = people(app).await;
        assign(
            app,
            lead,
            json!({ "assignedUsers": [mia.to_string()], "roles": [{ "role": "BDC", "userId": max.to_string() }],
            "companies": [{ "capacity": "LAW_FIRM", "companyId": firm }] }),
        )
        .await;
        let all = assigned(app, lead).await;
        let second = app.reassign(lead, dealers[2]).await;
        assert_eq!((assigned(app, second).await, assigned(app, lead).await), (all.clone(), all.clone()));
        // A blast makes several, an operation as well as a job does.
        let interface = app.interface("near", CandidateKind::Dealer, crate::support::rules::nearest_first()).await;
        let target =
            json!({ "interface": { "interfaceId": interface.to_string(), "algorithm": "BLAST", "blastSize": 2 } });
        let id = app.prepared(json!({ "leadIds": [second.to_string()] }), target).await;
        app.ran(&id).await;
        let copies: Vec<LeadId> =
            app.copies(lead).await.into_iter().filter(|copy| copy.round == 2).map(|copy| copy.id).collect();
        assert_eq!(copies.len(), 2);
        for copy in &copies {
            assert_eq!(assigned(app, *copy).await, all);
        }
        let reached = sorted(&[lead, second, copies[0], copies[1]]);
        for actor in [app.member(mia), app.member(max), of_company(app, &firm)] {
            assert_eq!(seen(app, &actor).await, reached);
        }
        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        app.ran(&undo).await;
        for actor in [app.member(mia), app.member(max), of_company(app, &firm)] {
            assert_eq!(seen(app, &actor).await, sorted(&[lead, second]));
        }
        // A user who leaves stays written on the lead; what the user's credentials see is what they would see of their own leads.
        let deactivate =
            "mutation($input: DeactivateUserInput!) { deactivateUser(input: $input) { userErrors { message } } }";
        app.graphql(&app.admin(), deactivate, json!({ "input": { "userId": mia.to_string() } })).await;
        assert_eq!(assigned(app, second).await, all);
        let third = app.reassign(second, dealers[1]).await;
        assert_eq!(assigned(app, third).await, all);
        app.leaves_work();
    })
    .await;
}

// BULK-6, API-4
#[tokio::test]
async fn the_number_of_statements_does_not_grow_with_the_leads() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        let People { mia, max, firm, agency } = people(app).await;
        let mut leads = Vec::new();
        for _ in 0..12 {
            leads.push(app.offered_lead(dealers[1]).await.to_string());
        }
        app.work().await;
        let (few, many) = (json!({ "leadIds": leads[..1] }), json!({ "leadIds": leads[1..] }));
        let fields = json!({ "assignedUsers": [mia.to_string(), max.to_string()],
            "roles": [{ "role": "BDC", "userId": mia.to_string() }, { "role": "F&I", "userId": max.to_string() }],
            "companies": [{ "capacity": "VENDOR", "companyId": firm }, { "capacity": "MARKETING", "companyId": agency }] });
        let cost = async |mutation: &str, input: Value| {
            let id = app.operated(mutation, input).await;
            app.operated("runOperation", json!({ "operationId": id })).await;
            let before = app.store().statement_count();
            app.work().await;
            let cost = app.store().statement_count() - before;
            assert_eq!(app.operation(&id).await["state"], "DONE");
            (id, cost)
        };
        let mut costs = Vec::new();
        for selection in [&few, &many] {
            costs.push(cost("prepareLeadUpdate", json!({ "selection": selection, "fields": fields })).await);
        }
        assert_eq!(costs[0].1, costs[1].1, "assigned");
        let mut undone = Vec::new();
        for (id, _) in &costs {
            undone.push(cost("prepareUndo", json!({ "operationId": id })).await.1);
        }
        assert_eq!(undone[0], undone[1], "taken back");
        let mut moved = Vec::new();
        for selection in [&few, &many] {
            let id = app.operated("prepareLeadUpdate", json!({ "selection": selection, "fields": fields })).await;
            app.ran(&id).await;
            let target = json!({ "selection": selection, "target": { "dealerNumber": { "number": "D1" } } });
            moved.push(cost("prepareReassignment", target).await.1);
        }
        assert_eq!(moved[0], moved[1], "handed on with who is assigned");
        let query = "query($first: Int!) { leads(first: $first) { nodes { id assignedUsers { name } roleAssignments { role user { name } }
            companyAssignments { capacity company { name } } } } }";
        app.graphql(&app.admin(), query, json!({ "first": 1 })).await;
        let mut pages = Vec::new();
        for first in [1, 24] {
            let before = app.store().statement_count();
            let data = app.graphql(&app.admin(), query, json!({ "first": first })).await;
            assert_eq!(data["leads"]["nodes"].as_array().unwrap().len(), first);
            pages.push(app.store().statement_count() - before);
        }
        // The page, and one each for assignments, users and companies.
        assert_eq!(pages, [4, 4]);
    })
    .await;
}
