//! Dealers, contacts, users, groups, categories, custom fields and calendar events: made, changed, removed, refused.

use std::time::Duration;

use baton::actions::network::{
    FieldChange, Target, categories as category_actions, contacts as contact_actions, dealers as dealer_actions,
    fields as field_actions, groups as group_actions, users as user_actions,
};
use baton::actions::{ActionError, Call, calendar};
use baton::domain::field::{Choice, FieldDraft, FieldType, Subject};
use baton::domain::id::{CategoryId, CustomFieldId, DealerId, UserId};
use baton::domain::input::{CalendarEventInput, CategoryInput, ContactInput, DealerInput, GroupInput, UserInput};
use baton::domain::interface::{CandidateKind, Definition, Interface, Radius};
use baton::domain::{Actor, Invalid, InvalidCode, Role};
use baton::store::{Order, PageRequest, categories, contacts, dealers, events, interfaces, tenants, users};
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};

fn call<'a>(actor: &'a Actor, input: &'a Value, key: Option<&'a str>) -> Call<'a> {
    Call { actor, mutation: "test", input, key }
}

fn quick(actor: &Actor) -> Call<'_> {
    call(actor, &Value::Null, None)
}

fn problems<T: std::fmt::Debug>(result: Result<T, ActionError>) -> Vec<(String, InvalidCode, String)> {
    match result.unwrap_err() {
        ActionError::Refused(problems) => {
            let told = |problem: Invalid| (problem.path.join("."), problem.code, problem.message);
            problems.into_iter().map(told).collect()
        }
        ActionError::Store(error) => panic!("a fault: {error:?}"),
    }
}

fn dealer(number: &str, name: &str) -> DealerInput {
    DealerInput { number: Some(number.into()), name: Some(name.into()), ..DealerInput::default() }
}

async fn new_dealer(app: &TestApp, number: &str) -> DealerId {
    dealer_actions::create_dealer(app.context(), quick(&app.admin()), &dealer(number, number)).await.unwrap()
}

async fn new_user(app: &TestApp, first: &str) -> UserId {
    let input = UserInput {
        first_name: Some(first.into()),
        last_name: Some("Lee".into()),
        email: Some(format!("{first}@Example.org")),
        ..UserInput::default()
    };
    user_actions::create_user(app.context(), quick(&app.admin()), &input).await.unwrap()
}

async fn network_version(app: &TestApp) -> i64 {
    tenants::lookup(app.store().reader(), app.tenant.id).await.unwrap().unwrap().network_version
}

async fn new_category(app: &TestApp, key: &str, choices: &[&str]) -> CategoryId {
    let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
    let input = CategoryInput { key: Some(key.into()), label: None, choices: Some(choices) };
    category_actions::create_category(app.context(), quick(&app.admin()), &input).await.unwrap()
}

async fn new_field(app: &TestApp, key: &str, field_type: FieldType, choices: &[&str]) -> CustomFieldId {
    let choice = |value: &&str| Choice { value: (*value).to_owned(), label: (*value).to_owned() };
    let draft = FieldDraft {
        subject: Subject::Dealer,
        key: key.into(),
        label: key.to_uppercase(),
        field_type,
        required: false,
        choices: choices.iter().map(choice).collect(),
        archived: false,
    };
    field_actions::create_field(app.context(), quick(&app.admin()), draft).await.unwrap()
}

/// An interface whose draft has this filter.
async fn new_interface(app: &TestApp, name: &str, filter: &str) {
    let draft = Definition {
        filter: filter.into(),
        radius: Radius::Nearest,
        same_country: true,
        exclude_recipients: true,
        sort: Vec::new(),
        limit: 10,
    };
    let (at, id) = (app.now(), app.context().id(app.now()));
    let interface = Interface {
        tenant: app.tenant.id,
        id,
        name: name.into(),
        description: String::new(),
        candidate_kind: CandidateKind::Dealer,
        draft: Some(draft),
        published_number: None,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    interfaces::insert(app.store().writer(), &interface).await.unwrap();
}

// API-3: what changed is in the timeline, the snapshot of candidates is out of date, a stale version is a conflict.
#[tokio::test]
async fn a_dealer_is_made_changed_and_never_overwritten() {
    on_each_database(async |app: &TestApp| {
        let (admin, reader, tenant) = (app.admin(), app.store().reader(), app.tenant.id);
        let before = network_version(app).await;
        let id = new_dealer(app, "A-1").await;
        assert!(network_version(app).await > before);
        app.advance(Duration::from_mins(1));
        let change = DealerInput { rating: Some(Some(4.0)), ..DealerInput::default() };
        let target = Target { id, expected_version: Some(1) };
        dealer_actions::update_dealer(app.context(), quick(&admin), target, &change).await.unwrap();
        let stale = dealer_actions::update_dealer(app.context(), quick(&admin), target, &change).await;
        let stale = &problems(stale)[0];
        assert_eq!((stale.0.as_str(), stale.1), ("expectedVersion", InvalidCode::Conflict));

        let filter = events::EventFilter { subject: Some(id.to_string()), ..Default::default() };
        let lines =
            events::list(reader, tenant, &filter, Order::Asc, &PageRequest::first(10)).await.unwrap().into_rows();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].after.as_ref().unwrap()["number"], "A-1");
        assert_eq!(
            (lines[1].before.clone(), lines[1].after.clone()),
            (Some(json!({"rating": null})), Some(json!({"rating": 4.0})))
        );

        let same = dealer_actions::create_dealer(app.context(), quick(&admin), &dealer("A-1", "Other")).await;
        assert_eq!(problems(same)[0].1, InvalidCode::Taken);
        let missing = dealer_actions::update_dealer(
            app.context(),
            quick(&admin),
            Target::any(app.context().id(app.now())),
            &change,
        )
        .await;
        assert_eq!(problems(missing)[0].1, InvalidCode::NotFound);
    })
    .await;
}

// BULK-8
#[tokio::test]
async fn the_same_key_makes_one_dealer() {
    on_each_database(async |app: &TestApp| {
        let (admin, input) = (app.admin(), json!({"number": "A-1"}));
        let create = async |input: &Value| {
            let call = call(&admin, input, Some("key-1"));
            dealer_actions::create_dealer(app.context(), call, &dealer("A-1", "Acme")).await
        };
        let first = create(&input).await.unwrap();
        assert_eq!(create(&input).await.unwrap(), first);
        assert_eq!(problems(create(&json!({"number": "A-2"})).await)[0].1, InvalidCode::KeyReused);
    })
    .await;
}

// ALLOC-4
#[tokio::test]
async fn only_admins_change_the_network() {
    on_each_database(async |app: &TestApp| {
        let user = new_user(app, "ann").await;
        let id = new_dealer(app, "A-1").await;
        for actor in [app.manager(user), app.member(user), app.dealer(id), app.partner("web"), app.auditor()] {
            let refused = dealer_actions::create_dealer(app.context(), quick(&actor), &dealer("A-2", "B")).await;
            assert_eq!(problems(refused)[0].1, InvalidCode::Forbidden, "{}", actor.role);
        }
        let other = app.another_tenant("borealis").await;
        let stranger = app.in_tenant(other.id, app.admin());
        let refused = dealer_actions::deactivate_dealer(app.context(), quick(&stranger), Target::any(id)).await;
        assert_eq!(problems(refused)[0].1, InvalidCode::NotFound);
        assert!(dealers::lookup(app.store().reader(), other.id, id).await.unwrap().is_none());
    })
    .await;
}

// ALGO-8: there is one default dealer at most, and it stays.
#[tokio::test]
async fn a_tenant_has_one_default_dealer() {
    on_each_database(async |app: &TestApp| {
        let (admin, reader, tenant) = (app.admin(), app.store().reader(), app.tenant.id);
        let (one, two) = (new_dealer(app, "A-1").await, new_dealer(app, "A-2").await);
        let default = DealerInput { is_default: Some(true), ..DealerInput::default() };
        for id in [one, two] {
            dealer_actions::update_dealer(app.context(), quick(&admin), Target::any(id), &default).await.unwrap();
            assert_eq!(dealers::find_default(reader, tenant).await.unwrap().unwrap().id, id);
        }
        let refused = dealer_actions::deactivate_dealer(app.context(), quick(&admin), Target::any(two)).await;
        assert_eq!(problems(refused)[0].1, InvalidCode::InUse);
        dealer_actions::deactivate_dealer(app.context(), quick(&admin), Target::any(one)).await.unwrap();
        assert!(!dealers::lookup(reader, tenant, one).await.unwrap().unwrap().active);
    })
    .await;
}

// IFACE-3
#[tokio::test]
async fn a_contact_that_has_had_leads_stays() {
    on_each_database(async |app: &TestApp| {
        let (admin, reader, tenant) = (app.admin(), app.store().reader(), app.tenant.id);
        let id = app.new_dealer("Acme").await;
        let spare =
            ContactInput { name: Some("Bo".into()), mobile: Some(Some("6175550100".into())), ..Default::default() };
        let spare = contact_actions::create_contact(app.context(), quick(&admin), id, &spare).await.unwrap();
        app.offered_lead(id).await;
        app.work().await;
        let all = contacts::list_by_dealers(reader, tenant, &[id]).await.unwrap();
        let used = all.iter().find(|contact| contact.id != spare).unwrap();
        let refused = contact_actions::remove_contact(app.context(), quick(&admin), Target::any(used.id)).await;
        assert_eq!(problems(refused)[0].1, InvalidCode::InUse);
        contact_actions::remove_contact(app.context(), quick(&admin), Target::any(spare)).await.unwrap();
        let quiet = ContactInput { active: Some(false), ..Default::default() };
        contact_actions::update_contact(app.context(), quick(&admin), Target::any(used.id), &quiet).await.unwrap();
        let left = contacts::list_by_dealers(reader, tenant, &[id]).await.unwrap();
        assert_eq!((left.len(), left[0].can_be_offered()), (1, false));
    })
    .await;
}

#[tokio::test]
async fn users_share_groups_and_have_one_address_each() {
    on_each_database(async |app: &TestApp| {
        let (admin, reader, tenant) = (app.admin(), app.store().reader(), app.tenant.id);
        let (ann, bo) = (new_user(app, "ann").await, new_user(app, "bo").await);
        assert_eq!(users::find_by_email(reader, tenant, "ann@example.org").await.unwrap().unwrap().id, ann);
        let same = UserInput { email: Some("ANN@example.org".into()), ..UserInput::default() };
        let taken = user_actions::update_user(app.context(), quick(&admin), Target::any(bo), &same).await;
        assert_eq!(problems(taken)[0].1, InvalidCode::Taken);
        let wrong = UserInput { role: Some(Role::Dealer), locale: Some("english!".into()), ..UserInput::default() };
        let wrong = user_actions::update_user(app.context(), quick(&admin), Target::any(bo), &wrong).await;
        assert_eq!(problems(wrong).iter().map(|problem| problem.0.as_str()).collect::<Vec<_>>(), ["locale", "role"]);

        let input = GroupInput { name: Some("East".into()) };
        let east = group_actions::create_group(app.context(), quick(&admin), &input).await.unwrap();
        group_actions::add_members(app.context(), quick(&admin), east, &[ann, bo], false).await.unwrap();
        group_actions::add_members(app.context(), quick(&admin), east, &[ann], true).await.unwrap();
        let query = "{ users(first: 10, direction: ASC, filter: \"'East' in user.groups\") { nodes { id } } }";
        let listed = app.graphql(&admin, query, json!({})).await;
        assert_eq!(listed["users"]["nodes"], json!([{ "id": ann }, { "id": bo }]));
        let members = baton::store::groups::list_members(reader, tenant, &[east]).await.unwrap();
        assert_eq!(members.iter().filter(|member| member.manages).map(|member| member.user).collect::<Vec<_>>(), [ann]);
        assert_eq!(
            problems(group_actions::remove_group(app.context(), quick(&admin), east).await)[0].1,
            InvalidCode::InUse
        );
        group_actions::remove_members(app.context(), quick(&admin), east, &[ann, bo]).await.unwrap();
        group_actions::remove_group(app.context(), quick(&admin), east).await.unwrap();
    })
    .await;
}

// EXPR-8
#[tokio::test]
async fn a_field_that_an_expression_uses_cannot_be_archived() {
    on_each_database(async |app: &TestApp| {
        let admin = app.admin();
        let ev = new_field(app, "ev", FieldType::Boolean, &[]).await;
        let segment = new_field(app, "segment", FieldType::Choice, &["Fleet", "Retail"]).await;
        new_interface(app, "Electric", "dealer.custom.ev && dealer.custom.segment == 'Fleet'").await;
        let archive = FieldChange { archived: Some(true), ..Default::default() };
        let refused = field_actions::update_field(app.context(), quick(&admin), Target::any(ev), &archive).await;
        let refused = &problems(refused)[0];
        assert_eq!((refused.0.as_str(), refused.1), ("archived", InvalidCode::InUse));
        assert_eq!(refused.2, "EV is used by interface `Electric`, change them first");

        let keep = |values: &[&str]| {
            let choice = |value: &&str| Choice { value: (*value).to_owned(), label: (*value).to_owned() };
            FieldChange { choices: Some(values.iter().map(choice).collect()), ..FieldChange::default() }
        };
        field_actions::update_field(app.context(), quick(&admin), Target::any(segment), &keep(&["Fleet"]))
            .await
            .unwrap();
        let gone =
            field_actions::update_field(app.context(), quick(&admin), Target::any(segment), &keep(&["Retail"])).await;
        assert_eq!(problems(gone)[0].0, "choices");

        let unused = new_field(app, "bays", FieldType::Integer, &[]).await;
        field_actions::update_field(app.context(), quick(&admin), Target::any(unused), &archive).await.unwrap();
        let given =
            DealerInput { custom: json!({"bays": 2, "ev": true}).as_object().cloned(), ..dealer("A-1", "Acme") };
        let refused = dealer_actions::create_dealer(app.context(), quick(&admin), &given).await;
        assert_eq!(problems(refused)[0].0, "custom.bays");
    })
    .await;
}

// SPEC §1: categories
#[tokio::test]
async fn a_category_value_in_use_stays() {
    on_each_database(async |app: &TestApp| {
        let (admin, reader, tenant) = (app.admin(), app.store().reader(), app.tenant.id);
        let tier = new_category(app, "tier", &["Gold", "Silver", "Bronze"]).await;
        let golden =
            DealerInput { categories: Some([("tier".into(), Some("Gold".into()))].into()), ..dealer("A-1", "Acme") };
        let golden = dealer_actions::create_dealer(app.context(), quick(&admin), &golden).await.unwrap();
        let query =
            "{ dealers(first: 1, where: { category: { key: \"tier\", value: { eq: \"Gold\" } } }) { totalCount } }";
        assert_eq!(app.graphql(&admin, query, json!({})).await["dealers"]["totalCount"], json!(1));
        new_interface(app, "Premium", "dealer.category.tier == 'Silver'").await;
        let with = |values: &[&str]| CategoryInput {
            choices: Some(values.iter().map(|value| (*value).to_owned()).collect()),
            ..CategoryInput::default()
        };
        let update = async |values: &[&str]| {
            category_actions::update_category(app.context(), quick(&admin), tier, &with(values)).await
        };
        update(&["Silver", "Gold"]).await.unwrap();
        assert_eq!(
            problems(update(&["Silver"]).await)[0].2,
            "1 dealers have the value `Gold`, give them another one first"
        );
        assert!(problems(update(&["Gold"]).await)[0].2.contains("interface `Premium`"));
        let removed = category_actions::remove_category(app.context(), quick(&admin), tier).await;
        assert!(problems(removed)[0].2.contains("interface `Premium`"));

        let other = new_category(app, "size", &["S", "L"]).await;
        let sized =
            DealerInput { categories: Some([("size".into(), Some("L".into()))].into()), ..DealerInput::default() };
        dealer_actions::update_dealer(app.context(), quick(&admin), Target::any(golden), &sized).await.unwrap();
        let removed = category_actions::remove_category(app.context(), quick(&admin), other).await;
        assert!(problems(removed)[0].2.contains("1 dealers have a value"));
        let cleared = DealerInput { categories: Some([("size".into(), None)].into()), ..DealerInput::default() };
        dealer_actions::update_dealer(app.context(), quick(&admin), Target::any(golden), &cleared).await.unwrap();
        category_actions::remove_category(app.context(), quick(&admin), other).await.unwrap();
        assert_eq!(categories::list_all(reader, tenant).await.unwrap().len(), 1);
    })
    .await;
}

// ALLOC-4: a lead that is out of reach has no calendar.
#[tokio::test]
async fn calendar_events_belong_to_whoever_works_on_the_lead() {
    on_each_database(async |app: &TestApp| {
        let (holder, stranger) = (app.new_dealer("Acme").await, app.new_dealer("Bolt").await);
        let lead = app.offered_lead(holder).await;
        app.work().await;
        let input =
            CalendarEventInput { title: Some("Call Jo Doe".into()), starts_at: Some(app.now()), ..Default::default() };
        let own = app.dealer(holder);
        let id = calendar::create_calendar_event(app.context(), quick(&own), lead, &input).await.unwrap();
        let others = app.dealer(stranger);
        let refused = calendar::create_calendar_event(app.context(), quick(&others), lead, &input).await;
        assert_eq!(problems(refused)[0].1, InvalidCode::NotFound);
        let done = CalendarEventInput { completed: Some(true), ..Default::default() };
        let refused = calendar::update_calendar_event(app.context(), quick(&others), Target::any(id), &done).await;
        assert_eq!(problems(refused)[0].1, InvalidCode::NotFound);
        calendar::update_calendar_event(app.context(), quick(&own), Target::any(id), &done).await.unwrap();
        let filter = events::EventFilter { subject: Some(id.to_string()), ..Default::default() };
        let lines =
            events::list(app.store().reader(), app.tenant.id, &filter, Order::Asc, &PageRequest::first(10)).await;
        let lines = lines.unwrap().into_rows();
        assert_eq!((lines.len(), lines[0].lead), (2, Some(lead)));
        assert!(lines.iter().all(|line| !format!("{line:?}").contains("Jo Doe")), "a title may name a customer");
        calendar::remove_calendar_event(app.context(), quick(&own), Target::any(id)).await.unwrap();
    })
    .await;
}
