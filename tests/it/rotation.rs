//! Leads handed out in turn: fair between servers, given back, weighed, and seen (SPEC ALGO-4).

use std::collections::HashMap;

use baton::actions::Call;
use baton::actions::answer::Answer;
use baton::actions::due;
use baton::actions::handover::Changes;
use baton::actions::jobs::set_weights;
use baton::actions::network::{Target, dealers};
use baton::actions::respond::{LeadAnswer, answer_lead};
use baton::domain::id::{DealerId, JobId, LeadId};
use baton::domain::input::DealerInput;
use baton::domain::interface::CandidateKind;
use baton::domain::job::{Algorithm, Job};
use baton::domain::lead::Recipient;
use baton::domain::rotation::RotationMember;
use baton::store::rotations;
use serde_json::{Value, json};

use crate::support::app::{Engine, START, TestApp, on, on_each_database};
use crate::support::rules::{HOUR, holder, nearest_first};

/// A job in rotation over all dealers near Cambridge, and a dealer far from there who ignores what he gets.
async fn rotation(app: &TestApp, dealers: usize, change: impl FnOnce(&mut Job)) -> (DealerId, Vec<DealerId>, JobId) {
    let pool = app.dealers(dealers).await;
    let far = app.dealer_at("Far", "90001", DealerInput::default()).await;
    let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
    let job = app
        .job("in turn", interface, |job| {
            job.algorithm = Algorithm::Rotation;
            job.notify.new_owner = false;
            job.max_rounds = 1;
            change(job);
        })
        .await;
    (far, pool, job)
}

async fn ledger(app: &TestApp, job: JobId) -> HashMap<Recipient, RotationMember> {
    let members = rotations::list_all(app.store().reader(), app.tenant.id, &[job]).await.unwrap();
    members.into_iter().map(|member| (member.recipient, member)).collect()
}

async fn turns(app: &TestApp, job: JobId, pool: &[DealerId]) -> Vec<i64> {
    let ledger = ledger(app, job).await;
    pool.iter().map(|dealer| ledger.get(&Recipient::Dealer(*dealer)).map_or(0, |member| member.offered_count)).collect()
}

async fn answer(app: &TestApp, lead: LeadId, answer: Answer) {
    let admin = app.admin();
    let call = Call { actor: &admin, mutation: "answer", input: &Value::Null, key: None };
    answer_lead(app.context(), call, LeadAnswer { lead, answer, expected_version: None }).await.unwrap();
}

async fn change(app: &TestApp, dealer: DealerId, input: DealerInput) {
    let admin = app.admin();
    let call = Call { actor: &admin, mutation: "updateDealer", input: &Value::Null, key: None };
    dealers::update_dealer(app.context(), call, Target::any(dealer), &input).await.unwrap();
}

// ALGO-4
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_hand_out_as_many_leads_to_each_of_equal_dealers() {
    on_each_database(async |app| {
        let (far, pool, job) = rotation(app, 5, |_| {}).await;
        app.offered_leads(far, 100).await;
        app.advance(HOUR);
        let sibling = app.sibling(7).await;
        let sweep = |context: baton::actions::Context| async move {
            let mut moved = 0;
            loop {
                let swept = due::sweep(&context, 3).await.unwrap();
                moved += swept.reassigned;
                if swept.examined == 0 {
                    return moved;
                }
            }
        };
        let (here, there) = tokio::join!(
            tokio::spawn(sweep(app.context().clone())),
            tokio::spawn(sweep((*sibling.app.actions).clone()))
        );
        assert_eq!(here.unwrap() + there.unwrap(), 100);
        assert_eq!(turns(app, job, &pool).await, [20; 5]);
        assert_eq!(app.all_leads(&app.leads_where("lead.state == 'OFFERED'")).await.len(), 100);
        // The hundred mails to the first owner are not what this is about.
        app.leaves_work();
    })
    .await;
}

// ALGO-4
#[tokio::test]
async fn who_is_away_is_passed_over_and_comes_back_without_a_flood() {
    on_each_database(async |app| {
        let (far, pool, job) = rotation(app, 3, |_| {}).await;
        app.offered_leads(far, 6).await;
        app.an_hour_later().await;
        assert_eq!(turns(app, job, &pool).await, [2, 2, 2]);
        let away = DealerInput { accepts_leads: Some(false), ..DealerInput::default() };
        change(app, pool[1], away).await;
        app.offered_leads(far, 8).await;
        app.an_hour_later().await;
        assert_eq!(turns(app, job, &pool).await, [6, 2, 6]);
        assert!(!ledger(app, job).await[&Recipient::Dealer(pool[1])].is_settled);
        let back = DealerInput { accepts_leads: Some(true), ..DealerInput::default() };
        change(app, pool[1], back).await;
        let newcomer = app.dealer_at("New", "02139", DealerInput::default()).await;
        app.offered_leads(far, 8).await;
        app.an_hour_later().await;
        let all = [pool.clone(), vec![newcomer]].concat();
        assert_eq!(turns(app, job, &all).await, [8, 4, 8, 2]);
    })
    .await;
}

// ALGO-4
#[tokio::test]
async fn an_offer_that_is_rejected_or_ignored_gives_the_turn_back_if_the_job_says_so() {
    on_each_database(async |app| {
        let (far, pool, job) = rotation(app, 2, |job| {
            job.gives_turn_back = true;
            job.max_rounds = 2;
        })
        .await;
        let ignored = app.offered_lead(far).await;
        app.an_hour_later().await;
        assert_eq!(holder(&app.newest(ignored).await), pool[0]);
        // Ignored: the other one has it next, and this one's turn comes back.
        app.an_hour_later().await;
        assert_eq!(holder(&app.newest(ignored).await), pool[1]);
        let after = ledger(app, job).await;
        let [first, second] = [&after[&Recipient::Dealer(pool[0])], &after[&Recipient::Dealer(pool[1])]];
        assert_eq!((first.turns, first.offered_count, first.returned_count), (0, 1, 1));
        assert_eq!((second.turns, second.offered_count, second.returned_count), (1, 1, 0));
        let rejected = app.newest(ignored).await;
        answer(app, rejected.id, Answer::Reject { reason: "no such car".to_owned() }).await;
        let after = ledger(app, job).await;
        assert_eq!(after[&Recipient::Dealer(pool[1])].turns, 0);
        // Acknowledged: it was had.
        let kept = app.offered_lead(far).await;
        app.an_hour_later().await;
        let copy = app.newest(kept).await;
        answer(app, copy.id, Answer::Acknowledge).await;
        assert_eq!(ledger(app, job).await[&Recipient::Dealer(holder(&copy))].turns, 1);
    })
    .await;
}

// ALGO-4, BULK-7
#[tokio::test]
async fn a_turn_that_an_operation_gave_back_is_had_again_when_it_is_undone() {
    on_each_database(async |app| {
        let (far, pool, job) = rotation(app, 2, |job| job.gives_turn_back = true).await;
        let lead = app.offered_lead(far).await;
        app.an_hour_later().await;
        let offered = app.newest(lead).await;
        let counts = async || {
            let member = ledger(app, job).await.remove(&Recipient::Dealer(pool[0])).unwrap();
            (member.turns, member.offered_count, member.returned_count)
        };
        assert_eq!((holder(&offered), counts().await), (pool[0], (1, 1, 0)));
        let select = json!({ "leadIds": [offered.id.to_string()] });
        let id = app.prepared(select, json!({ "dealerId": far.to_string() })).await;
        app.ran(&id).await;
        assert_eq!(counts().await, (0, 1, 1), "taken away before it was acknowledged");
        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        app.ran(&undo).await;
        assert_eq!(counts().await, (1, 1, 0), "the offer stands again");
        answer(app, offered.id, Answer::Reject { reason: "no such car".to_owned() }).await;
        assert_eq!(counts().await, (0, 1, 1), "and its turn comes back once");
    })
    .await;
}

// ALGO-4: a weight is set while another transaction gives a turn back.
#[tokio::test]
async fn a_turn_that_is_given_back_while_weights_are_set_is_not_lost() {
    on(Engine::Postgres, async |app| {
        let (far, pool, job) = rotation(app, 1, |_| {}).await;
        app.offered_leads(far, 2).await;
        app.an_hour_later().await;
        let line = (job, Recipient::Dealer(pool[0]));
        let tx = app.store().begin().await.unwrap();
        rotations::hold_lines(&tx, app.tenant.id, [line]).await.unwrap();
        rotations::give_turns_back(&tx, app.tenant.id, &[line]).await.unwrap();
        let admin = app.admin();
        let call = Call { actor: &admin, mutation: "setRotationWeights", input: &Value::Null, key: None };
        let weights = [(line.1, 3)];
        let (set, ()) = tokio::join!(set_weights(app.context(), call, job, &weights), async {
            while app.waiting_count().await == 0 {
                tokio::task::yield_now().await;
            }
            tx.commit().await.unwrap();
        });
        set.unwrap();
        let member = &ledger(app, job).await[&line.1];
        assert_eq!(
            (member.weight, member.turns, member.returned_count),
            (3, 3, 1),
            "one turn is left, thrice as heavy"
        );
    })
    .await;
}

// ALGO-4: those who give turns back hold no ledger, so they hold lines in one order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_give_turns_back_at_once_do_not_wait_for_each_other() {
    on(Engine::Postgres, async |app| {
        let (far, pool, job) = rotation(app, 2, |_| {}).await;
        app.offered_leads(far, 2).await;
        app.an_hour_later().await;
        let [first, second] = [pool[0], pool[1]].map(|dealer| (job, Recipient::Dealer(dealer)));
        let tenant = app.tenant.id;
        let give = |context: baton::actions::Context, turns: Vec<(JobId, Recipient)>| async move {
            for _ in 0..100 {
                let tx = context.store.begin().await.unwrap();
                let changes = Changes { returned: turns.clone(), ..Changes::default() };
                changes.write(&tx, tenant, START).await.unwrap();
                tx.commit().await.unwrap();
            }
        };
        // By how much each line moves, the one would come to the first line first and the other to the second.
        let here = give(app.context().clone(), vec![first, second, second]);
        let there = give(app.context().clone(), vec![first, first, second]);
        let (here, there) = tokio::join!(tokio::spawn(here), tokio::spawn(there));
        here.unwrap();
        there.unwrap();
        let after = ledger(app, job).await;
        assert_eq!([first, second].map(|line| after[&line.1].returned_count), [300, 300]);
    })
    .await;
}

// ALGO-4
#[tokio::test]
async fn without_that_setting_a_turn_is_had_whatever_becomes_of_the_offer() {
    on_each_database(async |app| {
        let (far, pool, job) = rotation(app, 2, |_| {}).await;
        let lead = app.offered_lead(far).await;
        app.an_hour_later().await;
        let copy = app.newest(lead).await;
        answer(app, copy.id, Answer::Reject { reason: "no such car".to_owned() }).await;
        let member = &ledger(app, job).await[&Recipient::Dealer(pool[0])];
        assert_eq!((member.turns, member.returned_count), (1, 0));
    })
    .await;
}

// ALGO-4
#[tokio::test]
async fn the_ledger_is_seen_and_its_weights_are_set() {
    on_each_database(async |app| {
        let (far, pool, job) = rotation(app, 2, |_| {}).await;
        let set = "mutation($input: SetRotationWeightsInput!) {
            setRotationWeights(input: $input) { reassignmentJob { id } userErrors { path code message } } }";
        let weights = json!({ "input": { "jobId": job.to_string(), "weights": [
            { "recipientId": pool[0].to_string(), "weight": 3 } ] } });
        let done = app.graphql(&app.admin(), set, weights).await;
        assert_eq!(done["setRotationWeights"]["userErrors"], json!([]), "{done}");
        app.offered_leads(far, 8).await;
        app.an_hour_later().await;
        let query = "query($id: ID!) { reassignmentJob(id: $id) { algorithm givesTurnBack rotation(first: 10) { totalCount nodes {
            dealer { number } user { id } weight turns offeredCount returnedCount isSettled lastOfferedAt } } } }";
        let shown = app.graphql(&app.admin(), query, json!({ "id": job.to_string() })).await;
        let line = |number: &str, weight: i64, turns: i64| {
            json!({ "dealer": { "number": number }, "user": null, "weight": weight, "turns": turns, "offeredCount": turns,
                    "returnedCount": 0, "isSettled": true, "lastOfferedAt": app.now().datetime().to_rfc3339() })
        };
        let expected = json!({ "algorithm": "ROTATION", "givesTurnBack": false,
            "rotation": { "totalCount": 2, "nodes": [line("D2", 1, 2), line("D1", 3, 6)] } });
        assert_eq!(shown["reassignmentJob"], expected);
    })
    .await;
}

// ALGO-4
#[tokio::test]
async fn weights_that_make_no_sense_are_refused_with_their_places() {
    on_each_database(async |app| {
        let (_, pool, job) = rotation(app, 1, |_| {}).await;
        let set = "mutation($input: SetRotationWeightsInput!) {
            setRotationWeights(input: $input) { reassignmentJob { id } userErrors { path code message } } }";
        let weigh = async |weights: Value| {
            let input = json!({ "input": { "jobId": job.to_string(), "weights": weights } });
            let done = app.graphql(&app.admin(), set, input).await;
            let problem = done["setRotationWeights"]["userErrors"][0].clone();
            (problem["path"].to_string(), problem["code"].as_str().unwrap_or_default().to_owned())
        };
        let own = pool[0].to_string();
        let stranger = "dlr_01920000000070008000000000000001";
        let cases = [
            (json!([]), r#"["weights"]"#, "REQUIRED"),
            (json!([{ "recipientId": own, "weight": 0 }]), r#"["weights","0","weight"]"#, "OUT_OF_RANGE"),
            (json!([{ "recipientId": own, "weight": 101 }]), r#"["weights","0","weight"]"#, "OUT_OF_RANGE"),
            (json!([{ "recipientId": "lead_1", "weight": 2 }]), r#"["weights","0","recipientId"]"#, "MALFORMED"),
            (json!([{ "recipientId": stranger, "weight": 2 }]), r#"["weights","0","recipientId"]"#, "NOT_FOUND"),
            (
                json!([{ "recipientId": own, "weight": 2 }, { "recipientId": own, "weight": 3 }]),
                r#"["weights","1","recipientId"]"#,
                "NOT_ALLOWED",
            ),
        ];
        for (weights, path, code) in cases {
            assert_eq!(weigh(weights.clone()).await, (path.to_owned(), code.to_owned()), "{weights}");
        }
        assert!(ledger(app, job).await.is_empty());
    })
    .await;
}
