//! What subscribers are told, look by look: what is new, to whom, in which state (SPEC API-7, JOB-7, ALLOC-4).

use std::time::Duration;

use baton::actions::due::baton as by_baton;
use baton::domain::Actor;
use baton::domain::event::{Event, EventKind};
use baton::domain::id::LeadId;
use baton::domain::interface::CandidateKind;
use baton::store::events;
use baton::store::progress::{Topic, Wanted, first_id, list};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on, on_each_database};
use crate::support::rules::nearest_first;
use crate::support::socket::{Socket, until};

const ACKNOWLEDGE: &str = "mutation($input: LeadInput!) { acknowledgeLead(input: $input) { userErrors { message } } }";

async fn socket_of(app: &TestApp, actor: &Actor) -> Socket {
    Socket::of(app.server().address, &app.token(actor)).await
}

/// Begins a subscription and waits until it is followed.
async fn follow(app: &TestApp, socket: &mut Socket, id: &str, query: &str, variables: Value) {
    let before = app.app.live.feed_count();
    socket.subscribe(id, query, variables).await;
    until(|| app.app.live.feed_count() > before).await;
}

/// Looks for what is new, as the loop does.
async fn look(app: &TestApp) {
    app.app.live.look().await.unwrap();
}

async fn acknowledge(app: &TestApp, actor: &Actor, lead: LeadId) {
    let done = app.graphql(actor, ACKNOWLEDGE, json!({ "input": { "leadId": lead.to_string() } })).await;
    assert_eq!(done["acknowledgeLead"]["userErrors"], json!([]));
}

// API-7
#[tokio::test]
async fn a_lead_is_told_as_it_is_and_after_every_change_once_per_look_in_its_newest_state() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let (lead, other) = (app.offered_lead(dealer).await, app.offered_lead(dealer).await);
        let mut socket = socket_of(app, &app.admin()).await;
        let query =
            "subscription($ids: [ID!]) { leadChanged(ids: $ids) { id state version request { person { email } } } }";
        socket.subscribe("1", query, json!({ "ids": [lead.to_string()] })).await;
        let told = socket.next_of("1").await;
        assert_eq!(
            (&told["leadChanged"]["id"], &told["leadChanged"]["state"]),
            (&json!(lead.to_string()), &json!("OFFERED"))
        );
        look(app).await;
        acknowledge(app, &app.admin(), other).await;
        acknowledge(app, &app.admin(), lead).await;
        let accept = "mutation($input: LeadInput!) { acceptLead(input: $input) { userErrors { message } } }";
        app.graphql(&app.admin(), accept, json!({ "input": { "leadId": lead.to_string() } })).await;
        look(app).await;
        look(app).await;
        // One message for two changes, none for the other copy, none for a look that finds nothing new.
        assert_eq!(socket.next_of("1").await["leadChanged"]["state"], "ACCEPTED");
        let close = "mutation($input: CloseLeadInput!) { closeLead(input: $input) { userErrors { message } } }";
        let input = json!({ "input": { "leadId": lead.to_string(), "outcome": "WON" } });
        app.graphql(&app.admin(), close, input).await;
        look(app).await;
        assert_eq!(socket.next_of("1").await["leadChanged"]["state"], "WON");
        app.leaves_work();
    })
    .await;
}

// API-7, EXPR-7
#[tokio::test]
async fn a_filter_lets_through_what_it_holds_for_at_that_moment_and_a_wrong_one_is_refused_at_once() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let mut socket = socket_of(app, &app.admin()).await;
        let typed = r#"subscription { leadChanged(where: { state: { eq: "ACKNOWLEDGED" } }) { id state } }"#;
        let text = r#"subscription { leadChanged(filter: "lead.state == 'OFFERED'") { id state } }"#;
        follow(app, &mut socket, "typed", typed, json!({})).await;
        let mut second = socket_of(app, &app.admin()).await;
        follow(app, &mut second, "text", text, json!({})).await;
        let lead = app.offered_lead(dealer).await;
        look(app).await;
        let same = json!({ "leadChanged": { "id": lead.to_string(), "state": "OFFERED" } });
        assert_eq!(second.next_of("text").await, same);
        acknowledge(app, &app.admin(), lead).await;
        look(app).await;
        let same = json!({ "leadChanged": { "id": lead.to_string(), "state": "ACKNOWLEDGED" } });
        assert_eq!(socket.next_of("typed").await, same);
        for (query, problem) in [
            (r#"subscription { leadChanged(filter: "lead.stat == 'OFFERED'") { id } }"#, "stat"),
            (r#"subscription { leadChanged(ids: ["dlr_1"]) { id } }"#, "ids"),
            ("subscription { leadChanged(ids: []) { id } }", "ids: 0 were given"),
        ] {
            second.subscribe("x", query, json!({})).await;
            let message = second.message().await;
            let error = &message["payload"]["errors"][0];
            assert_eq!(error["extensions"]["code"], "BAD_INPUT", "{message:#}");
            assert!(error["message"].as_str().unwrap().contains(problem), "{message:#}");
            second.completed("x").await;
        }
        app.leaves_work();
    })
    .await;
}

// API-7, ALLOC-4
#[tokio::test]
async fn everybody_is_told_of_their_own_leads_only_and_of_what_they_may_see_of_them() {
    on_each_database(async |app| {
        let (ann, bob) = (app.new_dealer("Ann").await, app.new_dealer("Bob").await);
        let query = "subscription { leadChanged { id state dealer { name } request { person { email } } } }";
        let mut sockets = Vec::new();
        for actor in [app.dealer(ann), app.dealer(bob), app.partner("elsewhere"), app.auditor()] {
            let mut socket = socket_of(app, &actor).await;
            follow(app, &mut socket, "1", query, json!({})).await;
            sockets.push(socket);
        }
        let mut auditor = sockets.pop().unwrap();
        let first = app.offered_lead(ann).await;
        let second = app.reassign(first, bob).await;
        look(app).await;
        let told = sockets[0].next_of("1").await["leadChanged"].take();
        assert_eq!((&told["id"], &told["state"]), (&json!(first.to_string()), &json!("EXPIRED")));
        let told = sockets[1].next_of("1").await["leadChanged"].take();
        assert_eq!((&told["id"], &told["state"]), (&json!(second.to_string()), &json!("OFFERED")));
        assert_eq!(told["request"]["person"], json!(null), "not before it is acknowledged");
        let mut seen_by_auditor = async |count: usize| {
            for _ in 0..count {
                let told = auditor.next_of("1").await["leadChanged"].take();
                assert_eq!(told["request"]["person"], json!(null), "an auditor sees no personal data");
            }
        };
        // What is not read before the next look is sent once for both.
        seen_by_auditor(2).await;
        acknowledge(app, &app.dealer(bob), second).await;
        look(app).await;
        let told = sockets[1].next_of("1").await["leadChanged"].take();
        assert_eq!(told["request"]["person"]["email"], "jo.doe@example.net", "Ann's socket hears nothing of it");
        seen_by_auditor(1).await;
        // Whoever is told nothing is told nothing: the next thing that they hear is the answer to a ping.
        for place in [0, 2] {
            sockets[place].send(json!({ "type": "ping" })).await;
            assert_eq!(sockets[place].message().await, json!({ "type": "pong" }));
        }
        app.leaves_work();
    })
    .await;
}

// API-7, ALLOC-4
#[tokio::test]
async fn a_lead_that_has_left_a_managers_reach_is_not_told_any_more() {
    on_each_database(async |app| {
        let (manager, member) = (app.new_user("mia@example.com").await, app.new_user("max@example.com").await);
        let run = async |document: &str, input: Value| {
            let mut data = app.graphql(&app.admin(), document, json!({ "input": input })).await;
            let done = data.as_object_mut().unwrap().values_mut().next().unwrap().take();
            assert_eq!(done["userErrors"], json!([]), "{done:#}");
            done
        };
        let group = run(
            "mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id } userErrors { message } } }",
            json!({ "name": "Web" }),
        )
        .await["group"]["id"]
            .take();
        let add = "mutation($input: AddGroupMembersInput!) { addGroupMembers(input: $input) { userErrors { message } } }";
        run(add, json!({ "groupId": group, "userIds": [manager.to_string()], "manages": true })).await;
        run(add, json!({ "groupId": group, "userIds": [member.to_string()] })).await;
        let mut socket = socket_of(app, &app.manager(manager)).await;
        follow(app, &mut socket, "1", "subscription { leadChanged { id state } }", json!({})).await;
        let submit = "mutation($input: SubmitLeadInput!) { submitLead(input: $input) { lead { id } userErrors { message } } }";
        let to = |user: baton::domain::id::UserId| {
            json!({ "source": "web", "country": "US", "email": "jo@example.net", "target": { "userId": user.to_string() } })
        };
        let lead = run(submit, to(member)).await["lead"]["id"].take();
        look(app).await;
        assert_eq!(socket.next_of("1").await["leadChanged"]["id"], lead);
        let remove = "mutation($input: RemoveGroupMembersInput!) { removeGroupMembers(input: $input) { userErrors { message } } }";
        run(remove, json!({ "groupId": group, "userIds": [member.to_string()] })).await;
        run(ACKNOWLEDGE, json!({ "leadId": lead })).await;
        let own = run(submit, to(manager)).await["lead"]["id"].take();
        look(app).await;
        assert_eq!(socket.next_of("1").await["leadChanged"]["id"], own);
        app.leaves_work();
    })
    .await;
}

// API-7
#[tokio::test]
async fn acknowledgements_and_notifications_are_told_to_those_whom_they_concern() {
    on_each_database(async |app| {
        let ann = app.new_dealer("Ann").await;
        let mut staff = socket_of(app, &app.admin()).await;
        let mut dealer = socket_of(app, &app.dealer(ann)).await;
        let acknowledged = "subscription { offerAcknowledged { lead { id state } event { kind actor { name } } } }";
        let notification = "subscription { notification { kind lead { id } event { kind reason } } }";
        follow(app, &mut staff, "a", acknowledged, json!({})).await;
        follow(app, &mut dealer, "n", notification, json!({})).await;
        let lead = app.offered_lead(ann).await;
        look(app).await;
        let told = dealer.next_of("n").await["notification"].take();
        assert_eq!((&told["kind"], &told["lead"]["id"]), (&json!("LEAD_OFFERED"), &json!(lead.to_string())));
        acknowledge(app, &app.dealer(ann), lead).await;
        look(app).await;
        let told = staff.next_of("a").await["offerAcknowledged"].take();
        assert_eq!(told["lead"], json!({ "id": lead.to_string(), "state": "ACKNOWLEDGED" }));
        assert_eq!(told["event"], json!({ "kind": "LEAD_ACKNOWLEDGED", "actor": { "name": "Ada, dealer" } }));
        staff.complete("a").await;
        until(|| app.app.live.feed_count() == 1).await;

        // A lead for which there is nobody is an exception, which concerns staff.
        follow(app, &mut staff, "n", notification, json!({})).await;
        let submit = "mutation { submitLead(input: { source: \"web\", country: \"US\", email: \"jo@example.net\" }) {
            lead { id exception } userErrors { message } } }";
        let made = app.graphql(&app.admin(), submit, json!({})).await["submitLead"]["lead"].take();
        assert!(made["exception"].is_string(), "{made:#}");
        look(app).await;
        let told = staff.next_of("n").await["notification"].take();
        assert_eq!((&told["kind"], &told["lead"]["id"]), (&json!("LEAD_EXCEPTION"), &made["id"]));
        dealer.subscribe("x", "subscription { notification(kinds: [DELIVERY_FAILED]) { kind } }", json!({})).await;
        let message = dealer.message().await;
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "FORBIDDEN", "{message:#}");
        app.leaves_work();
    })
    .await;
}

// JOB-7, API-7
#[tokio::test]
async fn a_run_is_followed_from_the_queue_to_its_end() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        let job = app.job("after an hour", interface, |_| {}).await;
        app.offered_leads(dealers[0], 3).await;
        let mut socket = socket_of(app, &app.admin()).await;
        let fields = "id state cause examined reassigned finishedAt job { id }";
        let all = format!("subscription {{ jobRunChanged {{ {fields} }} }}");
        follow(app, &mut socket, "all", &all, json!({})).await;
        let start = "mutation($input: RunReassignmentJobInput!) { runReassignmentJob(input: $input) { jobRun { id } userErrors { message } } }";
        app.advance(Duration::from_mins(61));
        let input = json!({ "input": { "jobId": job.to_string() } });
        let run = app.graphql(&app.admin(), start, input).await["runReassignmentJob"]["jobRun"]["id"].take();
        look(app).await;
        let told = socket.next_of("all").await["jobRunChanged"].take();
        assert_eq!((&told["id"], &told["state"], &told["cause"]), (&run, &json!("QUEUED"), &json!("MANUAL")));

        let one = format!("subscription($id: ID!) {{ jobRunChanged(runId: $id) {{ {fields} }} }}");
        let mut second = socket_of(app, &app.auditor()).await;
        second.subscribe("one", &one, json!({ "id": run })).await;
        assert_eq!(second.next_of("one").await["jobRunChanged"]["state"], "QUEUED");
        app.work().await;
        look(app).await;
        let told = second.next_of("one").await["jobRunChanged"].take();
        assert_eq!((&told["state"], &told["id"]), (&json!("DONE"), &run));
        assert!(told["finishedAt"].is_string(), "{told:#}");
        second.completed("one").await;
        // One that has ended is told once.
        second.subscribe("one", &one, json!({ "id": run })).await;
        assert_eq!(second.next_of("one").await["jobRunChanged"]["state"], "DONE");
        second.completed("one").await;
        let missing = json!({ "id": "run_019200000000700080000000000000ff" });
        second.subscribe("none", &one, missing).await;
        let message = second.message().await;
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "BAD_INPUT", "{message:#}");
        app.leaves_work();
    })
    .await;
}

// IFACE-7, API-7
#[tokio::test]
async fn a_backtest_is_followed_to_its_end() {
    on_each_database(async |app| {
        let backtest = crate::backtests::started(app).await;
        let mut socket = socket_of(app, &app.admin()).await;
        let query = "subscription($id: ID!) { backtestProgress(id: $id) { state examined leadCount } }";
        socket.subscribe("1", query, json!({ "id": backtest })).await;
        assert_eq!(socket.next_of("1").await["backtestProgress"]["state"], "QUEUED");
        app.work().await;
        look(app).await;
        let told = socket.next_of("1").await["backtestProgress"].take();
        assert_eq!((&told["state"], &told["examined"]), (&json!("DONE"), &told["leadCount"]));
        socket.completed("1").await;
        app.leaves_work();
    })
    .await;
}

async fn line(app: &TestApp, lead: LeadId) -> Event {
    let event = app.context().event(app.tenant.id, app.now(), by_baton(), EventKind::LeadUpdated, lead);
    Event { lead: Some(lead), request: Some(app.copies(lead).await[0].request), ..event }
}

// API-7
#[tokio::test]
async fn a_line_that_is_committed_after_a_later_one_was_seen_is_told_all_the_same() {
    // SQLite has one writer: there nothing is committed out of order.
    on(Engine::Postgres, async |app| {
        let dealer = app.new_dealer("Ann").await;
        let (slow, quick) = (app.offered_lead(dealer).await, app.offered_lead(dealer).await);
        let mut socket = socket_of(app, &app.admin()).await;
        follow(app, &mut socket, "1", "subscription { leadChanged { id } }", json!({})).await;
        let tx = app.store().begin().await.unwrap();
        events::insert(&tx, vec![line(app, slow).await]).await.unwrap();
        app.advance(Duration::from_secs(10));
        acknowledge(app, &app.admin(), quick).await;
        look(app).await;
        assert_eq!(socket.next_of("1").await["leadChanged"]["id"], quick.to_string());
        assert!(app.store().oldest_transaction().await.unwrap() > Duration::ZERO, "the open one is known");
        tx.commit().await.unwrap();
        look(app).await;
        assert_eq!(socket.next_of("1").await["leadChanged"]["id"], slow.to_string());
        assert_eq!(app.store().oldest_transaction().await.unwrap(), Duration::ZERO);
        app.leaves_work();
    })
    .await;
}

// API-7
#[tokio::test]
async fn what_happens_while_nobody_looks_is_told_by_the_next_look_however_late() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let mut socket = socket_of(app, &app.admin()).await;
        follow(app, &mut socket, "1", "subscription { leadChanged { id } }", json!({})).await;
        let lead = app.offered_lead(dealer).await;
        // As if the database had been away.
        app.advance(Duration::from_hours(3));
        look(app).await;
        assert_eq!(socket.next_of("1").await["leadChanged"]["id"], lead.to_string());
        app.leaves_work();
    })
    .await;
}

// API-7
#[tokio::test]
async fn another_tenants_leads_are_told_to_nobody_here_and_without_a_subscriber_nothing_is_asked() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let before = app.store().statement_count();
        look(app).await;
        assert_eq!(app.store().statement_count(), before);
        let other = app.another_tenant("borealis").await;
        let stranger = app.in_tenant(other.id, app.admin());
        let mut socket = socket_of(app, &stranger).await;
        follow(app, &mut socket, "1", "subscription { leadChanged { id } }", json!({})).await;
        app.offered_lead(dealer).await;
        look(app).await;
        socket.send(json!({ "type": "ping" })).await;
        assert_eq!(socket.message().await, json!({ "type": "pong" }));
        drop(socket);
        until(|| app.app.live.feed_count() == 0).await;
        let before = app.store().statement_count();
        look(app).await;
        assert_eq!(app.store().statement_count(), before, "nobody subscribes any more");
        app.leaves_work();
    })
    .await;
}

// API-7, BULK-1
#[tokio::test]
async fn a_list_is_followed_as_it_is_filtered_then_and_until_it_is_gone() {
    on_each_database(async |app| {
        let dealer = app.new_dealer("Ann").await;
        let run = async |document: &str, input: Value| {
            app.graphql(&app.admin(), document, json!({ "input": input })).await["made"].take()
        };
        let create = "mutation($input: CreateListInput!) { made: createList(input: $input) { list { id } } }";
        let filter = "lead.state == 'ACKNOWLEDGED'";
        let list = run(create, json!({ "name": "Taken", "filter": filter })).await["list"]["id"].take();
        let mut socket = socket_of(app, &app.admin()).await;
        let query = "subscription($list: ID!) { leadChanged(listId: $list) { id state } }";
        follow(app, &mut socket, "1", query, json!({ "list": list })).await;
        let (taken, other) = (app.offered_lead(dealer).await, app.offered_lead(dealer).await);
        acknowledge(app, &app.admin(), taken).await;
        // One look tells of both. Had an earlier one told of them already, the taken one might be read late and be sent twice.
        look(app).await;
        assert_eq!(socket.next_of("1").await["leadChanged"]["id"], taken.to_string());
        let remove = "mutation($input: RemoveListInput!) { made: removeList(input: $input) { removedId } }";
        run(remove, json!({ "listId": list })).await;
        acknowledge(app, &app.admin(), other).await;
        look(app).await;
        let message = socket.message().await;
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "BAD_INPUT", "{message:#}");
        socket.completed("1").await;
        let mut stranger = socket_of(app, &app.dealer(dealer)).await;
        stranger.subscribe("1", query, json!({ "list": list })).await;
        let message = stranger.message().await;
        assert_eq!(message["payload"]["errors"][0]["message"], "listId: there is no such list");
        app.leaves_work();
    })
    .await;
}

// API-7, BULK-6
#[tokio::test]
async fn an_operation_is_told_with_every_step_until_it_has_ended() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        app.offered_leads(dealers[0], 3).await;
        app.work().await;
        let target = json!({ "selection": { "all": true }, "target": { "dealerId": dealers[1].to_string() } });
        let id = app.operated("prepareReassignment", target).await;
        let query = "subscription($id: ID!) { operationProgress(id: $id) { state progress { done changed } } }";
        let mut stranger = socket_of(app, &app.partner("web")).await;
        stranger.subscribe("1", query, json!({ "id": id })).await;
        let refused = &stranger.message().await["payload"]["errors"][0];
        assert_eq!(refused["message"], "id: there is no such operation");
        let mut socket = socket_of(app, &app.admin()).await;
        follow(app, &mut socket, "1", query, json!({ "id": id })).await;
        let told = socket.next_of("1").await;
        assert_eq!(told["operationProgress"], json!({ "state": "READY", "progress": { "done": 0, "changed": 0 } }));
        app.ran(&id).await;
        look(app).await;
        let told = socket.next_of("1").await;
        assert_eq!(told["operationProgress"], json!({ "state": "DONE", "progress": { "done": 3, "changed": 3 } }));
        socket.completed("1").await;
    })
    .await;
}

// API-7, BULK-6: however many operations there were since the oldest that goes on, a look reads those that are followed.
#[tokio::test]
async fn a_look_reads_only_the_work_that_is_followed_or_goes_on() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        app.offered_lead(dealers[0]).await;
        app.work().await;
        let plan = async |dealer: usize| {
            let target = json!({ "dealerId": dealers[dealer].to_string() });
            let id = app.prepared(json!({ "all": true }), target).await;
            app.advance(Duration::from_secs(1));
            id
        };
        let waiting = plan(1).await;
        for dealer in [1, 0] {
            let id = plan(dealer).await;
            app.ran(&id).await;
        }
        app.advance(Duration::from_mins(1));
        let id = |id: &str| id.parse::<baton::domain::id::OperationId>().unwrap().uuid();
        let (reader, of, now) = (app.store().reader(), (app.tenant.id, Topic::Operations), app.now());
        let recent = first_id(now);
        for wanted in
            [Wanted::Known(&[id(&waiting)], None), Wanted::Known(&[id(&waiting)], Some(recent)), Wanted::Open(recent)]
        {
            let read = list(reader, of, wanted, now).await.unwrap();
            let read: Vec<_> = read.iter().map(|one| (one.id, one.is_open)).collect();
            assert_eq!(read, [(id(&waiting), true)], "{wanted:?}");
        }
        assert!(list(reader, of, Wanted::Known(&[], None), now).await.unwrap().is_empty());
    })
    .await;
}
