//! The plans of the lead grid and of what is shown beside it: what is filtered and sorted most reads no lead that it does not show, or nearly
//! none.
//!
//! Rows are few, but as unevenly spread as in a real network, and PostgreSQL has counted them. `BATON_PLAN_LEADS` makes them more.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::env;

use baton::domain::field::{Choice, FieldDefinition, FieldDraft, FieldType, Subject};
use baton::domain::id::{CompanyId, LeadId, OperationId, UserId};
use baton::domain::operation::{ItemReason, Outcome, Verdict};
use baton::rules::{Catalog, CatalogParts, CategoryGroup, Context, Expect, check};
use baton::store::dealers::{self, DealerFilter, DealerSort};
use baton::store::events;
use baton::store::leads::{self, LeadFilter, LeadSort};
use baton::store::operations::items::{self, ItemFilter};
use baton::store::operations::results;
use baton::store::operations::shares::{self, Side};
use baton::store::rule::{Pushed, Rows, shown};
use baton::store::{KeyPart, Order, PageRequest, Reach, Scope};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};
use uuid::Uuid;

use crate::support::app::{Engine, START, TestApp};

/// One statement each, with the tenant as `{tenant}`, the number of leads as `{leads}` and the present moment as `{now}`.
const FILL: [&str; 7] = [
    "insert into dealers (tenant_id, id, number, name, active, accepts_leads, is_default, country, time_zone, hours, categories,
       brands, territory, crm, custom, version, created_at, updated_at)
     select '{tenant}', lpad(to_hex(n), 32, '0')::uuid, 'D' || n, 'Dealer ' || n, true, true, false, 'US', 'UTC', '{}',
       jsonb_build_object('tier', (array['Gold', 'Silver', 'Bronze'])[1 + n % 3]), '[\"Aurora\"]', '[]', '[]', '{}', 1, 0, 0
     from generate_series(1, 500) n",
    "insert into users (tenant_id, id, first_name, last_name, email, locale, time_zone, active, on_holiday, role, days_off, custom,
       version, created_at, updated_at)
     select '{tenant}', lpad(to_hex(n), 32, '0')::uuid, 'U', 'U' || n, n || '@x', 'en', 'UTC', true, false, 'MEMBER', '[]', '{}', 1, 0, 0
     from generate_series(1, 50) n",
    "insert into interfaces (tenant_id, id, name, description, candidate_kind, published_number, version, created_at, updated_at)
     values ('{tenant}', lpad('1', 32, '0')::uuid, 'i', '', 'DEALER', 1, 1, 0, 0)",
    "insert into jobs (tenant_id, id, name, enabled, position, condition, elapsed_seconds, upper_age_seconds, interface_id, algorithm,
       blast_size, ranking, max_rounds, fallback, keep_original, notify_old_owner, notify_new_owner, notify_manager, version,
       created_at, updated_at)
     select '{tenant}', lpad(to_hex(n), 32, '0')::uuid, 'j' || n, true, 1, '', 3600, 7200, lpad('1', 32, '0')::uuid, 'SINGLE', 1,
       'FROZEN', 1, 'LEAVE', false, false, false, false, 1, 0, 0
     from generate_series(1, 2) n",
    "insert into requests (tenant_id, id, source, brand, country, received_at, created_by)
     select '{tenant}', lpad(to_hex(n), 32, '0')::uuid,
       case when n % 1000 = 0 then 'fair' else (array['web', 'phone', 'portal', 'mail', 'partner'])[1 + n % 5] end,
       (array['Aurora', 'Borealis', 'Comet'])[1 + n % 3], 'US', {now} - n * 30000000::bigint, 'x'
     from generate_series(1, {leads}) n",
    "insert into leads (tenant_id, id, request_id, root_id, round, state, dealer_id, user_id, job_id, source, brand, received_at,
       offered_at, acknowledged_at, acknowledged_by, accepted_at, expired_at, closed_at, state_reason, exception,
       excluded_from_automation, follow_up_status, custom, version, created_by, created_at, updated_at)
     select r.tenant_id, r.id, r.id, r.id, 0, s.state,
       case when m % 10 > 0 and s.state <> 'UNASSIGNED' then lpad(to_hex(1 + m / 100 % 500), 32, '0')::uuid end,
       case when m % 10 = 0 and s.state <> 'UNASSIGNED' then lpad(to_hex(1 + m / 100 % 50), 32, '0')::uuid end,
       case when m % 10 = 3 then lpad('1', 32, '0')::uuid end, r.source, r.brand, r.received_at, r.received_at + 1000000,
       r.received_at + 2000000, 'x', r.received_at, r.received_at, r.received_at, 'x', case when m % 300 = 0 then 'nobody' end,
       m % 50 = 0, 'NOT_CONTACTED',
       jsonb_build_object('segment', (array['Gold', 'Silver', 'Bronze'])[1 + m % 3], 'budget', m % 10000), 1, 'x', r.received_at,
       r.received_at + (m % 7) * 3600000000::bigint
     from (select *, hashtext(id::text) & 1048575 as m from requests) r,
       lateral (select case when m % 100 < 3 then 'UNASSIGNED' when m % 100 < 8 then 'OFFERED' when m % 100 < 12 then 'ACKNOWLEDGED'
         when m % 100 < 20 then 'ACCEPTED' when m % 100 < 60 then 'EXPIRED' when m % 100 < 75 then 'WON' else 'LOST' end as state) s",
    "analyze",
];

/// The index that the README advises for a custom field.
const CUSTOM_INDEXES: [&str; 3] = [
    "create index on leads (tenant_id, (custom ->> 'segment'), received_at, id)",
    "create index on leads (tenant_id, (custom -> 'budget'), received_at, id)",
    "analyze leads",
];

/// A team, a few companies, and some leads that they are assigned to.
const ASSIGN: [&str; 6] = [
    "insert into groups (tenant_id, id, name, created_at) values ('{tenant}', lpad('1', 32, '0')::uuid, 'Team', 0)",
    "insert into memberships (tenant_id, group_id, user_id, manages)
     select '{tenant}', lpad('1', 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, n = 1 from generate_series(1, 5) n",
    "insert into companies (tenant_id, id, name, active, version, created_at, updated_at)
     select '{tenant}', lpad(to_hex(n), 32, '0')::uuid, 'Company ' || n, true, 1, 0, 0 from generate_series(1, 20) n",
    "insert into lead_assignments (tenant_id, lead_id, kind, position, user_id)
     select '{tenant}', lpad(to_hex(50 * n), 32, '0')::uuid, 'USER', 0, lpad(to_hex(1 + n % 50), 32, '0')::uuid
     from generate_series(1, {leads} / 50) n",
    "insert into lead_assignments (tenant_id, lead_id, kind, position, name, company_id)
     select '{tenant}', lpad(to_hex(50 * n), 32, '0')::uuid, 'COMPANY', 0, 'VENDOR', lpad(to_hex(1 + n % 20), 32, '0')::uuid
     from generate_series(1, {leads} / 50) n",
    "analyze",
];

fn catalog() -> Catalog {
    let field = |key: &str, field_type, choices: &[&str]| {
        let choice = |value: &&str| Choice { value: (*value).to_owned(), label: (*value).to_owned() };
        FieldDefinition::new(FieldDraft {
            subject: Subject::Lead,
            key: key.to_owned(),
            label: key.to_owned(),
            field_type,
            required: false,
            choices: choices.iter().map(choice).collect(),
            archived: false,
        })
        .unwrap()
    };
    let fields =
        [field("segment", FieldType::Choice, &["Gold", "Silver", "Bronze"]), field("budget", FieldType::Integer, &[])];
    let values = ["Gold", "Silver", "Bronze"].map(str::to_owned).to_vec();
    let tier = CategoryGroup { key: "tier".to_owned(), label: "Tier".to_owned(), values };
    Catalog::new(CatalogParts { fields: &fields, categories: &[tier] })
}

/// The reach of a user, of a manager, and of a company, with the index by which their assignments are found.
fn reaches() -> [(Reach, &'static str); 3] {
    let company = Some(CompanyId(Uuid::from_u128(7)));
    [
        (Reach::Own(UserId(Uuid::from_u128(7))), "lead_assignments_by_user"),
        (Reach::Managed(UserId(Uuid::from_u128(1))), "lead_assignments_by_user"),
        (Reach::Partner { source: None, dealer: None, company }, "lead_assignments_by_company"),
    ]
}

/// Every scan of a plan: its kind and what it goes through.
fn scans(plan: &Value, found: &mut Vec<(String, String)>) {
    let text = |key: &str| plan[key].as_str().unwrap_or_default().to_owned();
    if text("Node Type").contains("Scan") {
        found.push((text("Node Type"), format!("{} {}", text("Relation Name"), text("Index Name"))));
    }
    for child in plan["Plans"].as_array().into_iter().flatten() {
        scans(child, found);
    }
}

async fn indexed(app: &TestApp, text: &str, sort: (LeadSort, Order)) -> Vec<(String, String)> {
    let conn = app.store().reader();
    let catalog = catalog();
    let rule = (!text.is_empty()).then(|| {
        let checked = check(text, &catalog, Context::LeadCondition, Expect::Condition).unwrap();
        Pushed::condition(conn, (&checked, &catalog), Rows::Leads, START).unwrap()
    });
    let filter = LeadFilter { rule, ..LeadFilter::default() };
    let scope = Scope::system(app.tenant.id);
    let plan = leads::plan(conn, &scope, &filter, sort, &PageRequest::first(50)).await.unwrap();
    let mut found = Vec::new();
    scans(&plan[0]["Plan"], &mut found);
    assert!(
        !found.is_empty() && found.iter().all(|(kind, of)| !(kind == "Seq Scan" && of.starts_with("leads"))),
        "`{text}` {sort:?} reads all leads: {found:?}\n{plan:#}"
    );
    let page = leads::list(conn, &scope, &filter, sort, &PageRequest::first(50)).await.unwrap();
    let rare = text.contains("00000000000002'");
    assert_eq!(page.rows.is_empty(), rare, "`{text}` {sort:?}");
    found
}

// JOB-5, FAST-3
#[tokio::test]
async fn what_the_lead_grid_is_asked_most_is_served_by_an_index() {
    let app = TestApp::start(Engine::Postgres).await;
    let leads = env::var("BATON_PLAN_LEADS").unwrap_or_else(|_| "200000".to_owned());
    let mut connection = PgConnection::connect(&app.database_url()).await.unwrap();
    for statement in FILL {
        let tenant = app.tenant.id.uuid().to_string();
        let filled = statement.replace("{tenant}", &tenant).replace("{leads}", &leads);
        connection.execute(AssertSqlSafe(filled.replace("{now}", &START.micros().to_string()))).await.unwrap();
    }
    let received = (LeadSort::ReceivedAt, Order::Desc);
    let updated = (LeadSort::UpdatedAt, Order::Desc);
    let id = |kind: &str, number: usize| format!("{kind}_{number:032x}");
    for (text, sort) in [
        ("", received),
        ("", updated),
        ("lead.state == 'OFFERED'", received),
        ("lead.state in ['OFFERED', 'ACKNOWLEDGED']", received),
        ("lead.state == 'UNASSIGNED'", updated),
        (&*format!("lead.dealer.id == '{}'", id("dlr", 23)), received),
        (&*format!("lead.dealer.id == '{}' && lead.state == 'OFFERED'", id("dlr", 23)), received),
        (&*format!("lead.owner.id == '{}'", id("usr", 31)), received),
        ("lead.source == 'web'", received),
        ("lead.source == 'fair'", received),
        ("lead.brand == 'Aurora' && lead.state == 'OFFERED'", received),
        ("now - lead.received_at < duration('168h')", updated),
        ("lead.received_at >= timestamp('2026-11-20T00:00:00Z')", received),
        ("has(lead.exception)", received),
        (&*format!("lead.job_id == '{}'", id("job", 1)), received),
        (&*format!("lead.job_id == '{}'", id("job", 2)), received),
        (&*format!("lead.request_id == '{}'", id("req", 23)), received),
        ("lead.dealer.number == 'D23'", received),
        ("lead.dealer.category.tier == 'Gold' && lead.state == 'OFFERED'", received),
    ] {
        indexed(&app, text, sort).await;
    }
    for statement in CUSTOM_INDEXES {
        connection.execute(statement).await.unwrap();
    }
    for text in ["lead.custom.budget == 77", "lead.custom.budget in [77, 78]", "lead.custom.budget >= 9990"] {
        let found = indexed(&app, text, received).await;
        assert!(found.iter().any(|(_, of)| of.contains("expr")), "`{text}`: {found:?}");
    }
    indexed(&app, "lead.custom.segment == 'Gold' && lead.state == 'OFFERED'", received).await;
    for statement in ASSIGN {
        let tenant = app.tenant.id.uuid().to_string();
        let filled = statement.replace("{tenant}", &tenant).replace("{leads}", &leads);
        connection.execute(AssertSqlSafe(filled)).await.unwrap();
    }
    for (reach, index) in reaches() {
        reached(&app, reach, index, received).await;
    }
    connection.close().await.unwrap();
    app.finish().await;
}

/// Holds what somebody sees to the indexes: no lead is read that is not shown, but for a manager, who goes through them in their order.
async fn reached(app: &TestApp, reach: Reach, index: &str, sort: (LeadSort, Order)) {
    let conn = app.store().reader();
    let is_manager = matches!(reach, Reach::Managed(_));
    let scope = Scope { reach, ..Scope::system(app.tenant.id) };
    let (filter, page) = (LeadFilter::default(), PageRequest::first(50));
    let plan = leads::plan(conn, &scope, &filter, sort, &page).await.unwrap();
    let mut found = Vec::new();
    scans(&plan[0]["Plan"], &mut found);
    let reads_all = found.iter().any(|(kind, of)| kind == "Seq Scan" && of.starts_with("leads "));
    assert!(!reads_all, "{:?} reads all leads: {found:?}\n{plan:#}", scope.reach);
    let by_index = found.iter().any(|(_, of)| of.contains(index));
    assert!(by_index || is_manager, "{:?}: {found:?}\n{plan:#}", scope.reach);
    assert_eq!(leads::list(conn, &scope, &filter, sort, &page).await.unwrap().rows.len(), 50, "{:?}", scope.reach);
}

/// SQLite's plan, line by line.
fn lines(plan: &Value) -> Vec<&str> {
    plan.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

// FAST-5
#[tokio::test]
async fn what_is_asked_most_is_served_by_an_index_on_sqlite_too() {
    let app = TestApp::start(Engine::Sqlite).await;
    let (conn, scope) = (app.store().reader(), Scope::system(app.tenant.id));
    let filter = LeadFilter { search: Some("doe".to_owned()), ..LeadFilter::default() };
    let page = PageRequest { after: Some(vec![KeyPart::Int(7), KeyPart::Id(Uuid::nil())]), ..PageRequest::first(50) };
    for page in [page, PageRequest::first(50)] {
        let plan = leads::plan(conn, &scope, &filter, (LeadSort::ReceivedAt, Order::Desc), &page).await.unwrap();
        for by in [
            "requests_by_last_name (tenant_id=? AND <expr>>?",
            "requests_by_email (tenant_id=? AND <expr>>?",
            "(tenant_id=? AND request_id=?",
        ] {
            assert!(lines(&plan).iter().any(|line| line.contains(by)), "{by}: {plan:#}");
        }
    }
    let filter = DealerFilter { search: Some("doe".to_owned()), ..DealerFilter::default() };
    let by_name = (DealerSort::Name, Order::Asc);
    let plan = dealers::plan(conn, app.tenant.id, &filter, by_name, &PageRequest::first(50)).await.unwrap();
    for by in ["dealers_by_lower_name (tenant_id=? AND <expr>>?", "dealers_by_lower_number (tenant_id=? AND <expr>>?"] {
        assert!(lines(&plan).iter().any(|line| line.contains(by)), "{by}: {plan:#}");
    }
    let catalog = catalog();
    for (text, sort, by) in [
        ("lead.state == 'OFFERED'", LeadSort::ReceivedAt, "leads_by_state (tenant_id=? AND state=?)"),
        ("lead.state in ['OFFERED', 'ACKNOWLEDGED']", LeadSort::ReceivedAt, "leads_by_received (tenant_id=?)"),
        ("lead.source == 'web'", LeadSort::ReceivedAt, "leads_by_source (tenant_id=? AND source=?)"),
        ("lead.source == 'web'", LeadSort::UpdatedAt, "leads_by_updated (tenant_id=?)"),
        ("lead.dealer.rating >= 4.0", LeadSort::ReceivedAt, "leads_by_received (tenant_id=?)"),
        (
            &format!("lead.dealer.id == 'dlr_{:032x}'", 23),
            LeadSort::ReceivedAt,
            "leads_by_dealer (tenant_id=? AND dealer_id=?)",
        ),
        (
            &format!("lead.request_id == 'req_{:032x}'", 23),
            LeadSort::UpdatedAt,
            "leads_by_request (tenant_id=? AND request_id=?)",
        ),
    ] {
        let checked = check(text, &catalog, Context::LeadCondition, Expect::Condition).unwrap();
        let rule = Some(Pushed::condition(conn, (&checked, &catalog), Rows::Leads, START).unwrap());
        let filter = LeadFilter { rule, ..LeadFilter::default() };
        let plan = leads::plan(conn, &scope, &filter, (sort, Order::Desc), &PageRequest::first(50)).await.unwrap();
        let found = lines(&plan);
        assert!(found[0].ends_with(by), "`{text}`: {found:#?}");
    }
    let plan = events::plan_latest(conn, app.tenant.id, &[LeadId(Uuid::nil()), LeadId(Uuid::max())]).await.unwrap();
    for by in ["SEARCH l ", "SEARCH e ", "SEARCH last USING INDEX events_by_request (tenant_id=? AND request_id=?)"] {
        assert!(lines(&plan).iter().any(|line| line.starts_with(by)), "{by}: {plan:#}");
    }
    assert!(lines(&plan).iter().all(|line| !line.contains("(tenant_id=?)")), "{plan:#}");
    app.finish().await;
}

// FAST-5
#[tokio::test]
async fn what_a_condition_on_rounds_and_brands_turns_away_is_passed_over_in_the_index_on_sqlite() {
    let app = TestApp::start(Engine::Sqlite).await;
    let (conn, scope) = (app.store().reader(), Scope::system(app.tenant.id));
    let catalog = catalog();
    // Of what is turned away no more than this is read.
    let mut file = SqliteConnection::connect(&app.database_url()).await.unwrap();
    for (besides, by) in [
        ("", "leads_by_received (tenant_id=?)"),
        ("and dealer_id = x''", "leads_by_dealer (tenant_id=? AND dealer_id=?)"),
    ] {
        let shown = format!(
            "explain query plan select id from leads where tenant_id = x'' {besides} and (round > 0 or brand = '')
             order by received_at desc, id desc limit 51"
        );
        let plan: Vec<String> =
            file.fetch_all(AssertSqlSafe(shown)).await.unwrap().iter().map(|row| row.get(3)).collect();
        assert_eq!(plan, [format!("SEARCH leads USING COVERING INDEX {by}")], "{besides}");
    }
    file.close().await.unwrap();
    // SQLite asks in the order of the text.
    let text = "lead.state == 'OFFERED' && lead.round > 0 || lead.brand == 'Boreal'";
    let checked = check(text, &catalog, Context::LeadCondition, Expect::Condition).unwrap();
    let [sqlite, _] = shown((&checked, &catalog), Rows::Leads, START).unwrap();
    let first = sqlite.lines().next().unwrap();
    assert_eq!(first, "leads.brand = ? or (leads.round > ? and leads.state = ?)");
    let rule = Some(Pushed::condition(conn, (&checked, &catalog), Rows::Leads, START).unwrap());
    let filter = LeadFilter { rule, ..LeadFilter::default() };
    let newest = (LeadSort::ReceivedAt, Order::Desc);
    let plan = leads::plan(conn, &scope, &filter, newest, &PageRequest::first(50)).await.unwrap();
    assert_eq!(lines(&plan), ["SEARCH leads USING INDEX leads_by_received (tenant_id=?)"]);
    app.finish().await;
}

/// A plan with problems, few of them of one reason, and the results of an operation that left few leads, for PostgreSQL to count.
const PLANNED: [&str; 4] = [
    "set session_replication_role = replica",
    "insert into operation_items (tenant_id, operation_id, position, lead_id, request_id, lead_version, verdict, reason_code, reason)
     select '{tenant}', lpad('0', 32, '0')::uuid, n, gen_random_uuid(), gen_random_uuid(), 1,
       case when n % 3 = 0 then 'PROBLEM' else 'CHANGE' end,
       case when n % 300 = 0 then 'NO_ROOM' when n % 3 = 0 then 'NO_CANDIDATE' end, case when n % 3 = 0 then 'x' end
     from generate_series(1, 20000) n",
    "insert into operation_results (tenant_id, operation_id, position, lead_id, outcome, reason_code, lead_version, before)
     select '{tenant}', lpad('0', 32, '0')::uuid, n, gen_random_uuid(), outcome, case outcome when 'FAILED' then 'FAULT' end,
       case outcome when 'CHANGED' then 1 end, case outcome when 'CHANGED' then '{}' end
     from generate_series(1, 20000) n, lateral (select case when n % 500 = 0 then 'FAILED' else 'CHANGED' end as outcome) o",
    "analyze operation_items, operation_results",
];

/// The index of a table's primary key.
fn key(engine: Engine, table: &str) -> String {
    match engine {
        Engine::Sqlite => format!("sqlite_autoindex_{table}_1"),
        Engine::Postgres => format!("{table}_pkey"),
    }
}

// BULK-3, BULK-6, FAST-5
#[tokio::test]
async fn the_pages_of_a_plan_and_of_its_results_are_read_in_their_order() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let app = TestApp::start(engine).await;
        if engine == Engine::Postgres {
            let mut connection = PgConnection::connect(&app.database_url()).await.unwrap();
            for statement in PLANNED {
                let filled = statement.replace("{tenant}", &app.tenant.id.uuid().to_string());
                connection.execute(AssertSqlSafe(filled)).await.unwrap();
            }
            connection.close().await.unwrap();
        }
        let (conn, of, page) =
            (app.store().reader(), (app.tenant.id, OperationId(Uuid::nil())), PageRequest::first(50));
        let any = ItemFilter::default();
        let problems = ItemFilter { verdict: Some(Verdict::Problem), ..any };
        let of_one_reason = ItemFilter { reason: Some(ItemReason::NoRoom), ..problems };
        // Of two outcomes the few leads that have them are sorted.
        let left = [Outcome::Failed, Outcome::Skipped];
        for (plan, by, may_sort) in [
            (shares::plan(conn, of, Side::To, Order::Desc, &page).await, "operation_shares_by_rank", false),
            (items::plan(conn, of, any, &page).await, &key(engine, "operation_items"), false),
            (items::plan(conn, of, problems, &page).await, "operation_items_problems_in_order", false),
            (items::plan(conn, of, of_one_reason, &page).await, "operation_items_problems", false),
            (results::plan(conn, of, &[], &page).await, &key(engine, "operation_results"), false),
            (results::plan(conn, of, &left[1..], &page).await, "operation_results_left", false),
            (results::plan(conn, of, &left, &page).await, "operation_results_left", true),
        ] {
            let plan = plan.unwrap().to_string();
            let is_by = plan.contains(&format!("INDEX {by} (")) || plan.contains(&format!("\"Index Name\":\"{by}\""));
            assert!(is_by, "not by {by} on {engine:?}: {plan}");
            let sorts = plan.contains("USE TEMP B-TREE") || plan.contains("Sort\"");
            assert!(!sorts || may_sort, "by {by} on {engine:?} it sorts: {plan}");
        }
        app.leaves_work();
        app.finish().await;
    }
}

// FAST-5: `.cargo/config.toml` says why. A statement with a limit would be planned again for each page.
#[tokio::test]
async fn sqlite_is_compiled_to_plan_a_statement_once() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let options: Vec<String> = sqlx::query_scalar("pragma compile_options").fetch_all(&mut connection).await.unwrap();
    let has = |option: &str| options.iter().any(|given| given == option);
    assert!(has("ENABLE_QPSG") && has("DEFAULT_MEMSTATUS=0"), "{options:?}");
    assert!(!has("ENABLE_STAT4") && !has("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
    connection.close().await.unwrap();
}

// ALLOC-4, FAST-5
#[tokio::test]
async fn what_is_assigned_is_found_by_an_index_on_sqlite_too() {
    let app = TestApp::start(Engine::Sqlite).await;
    let (filter, page) = (LeadFilter::default(), PageRequest::first(50));
    for (reach, index) in reaches() {
        let is_manager = matches!(reach, Reach::Managed(_));
        let scope = Scope { reach, ..Scope::system(app.tenant.id) };
        let sort = (LeadSort::ReceivedAt, Order::Desc);
        let plan = leads::plan(app.store().reader(), &scope, &filter, sort, &page).await.unwrap();
        let lines = lines(&plan);
        let has = |parts: &[&str]| lines.iter().any(|line| parts.iter().all(|part| line.contains(part)));
        assert!(has(&["SEARCH lead_assignments", index]), "{:?}: {lines:#?}", scope.reach);
        assert!(!lines.iter().any(|line| line.starts_with("SCAN lead")), "{:?}: {lines:#?}", scope.reach);
        assert!(has(&["SEARCH leads", "id=?)"]) || is_manager, "{:?}: {lines:#?}", scope.reach);
    }
    app.finish().await;
}
