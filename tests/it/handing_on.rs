//! Leads that nobody acknowledges: how jobs hand them on, by which algorithm, and what is left behind (SPEC §4, §6).

use std::time::Duration;

use baton::actions::Call;
use baton::actions::answer::Answer;
use baton::actions::jobs::run_now;
use baton::actions::respond::{LeadAnswer, answer_lead};
use baton::domain::InvalidCode;
use baton::domain::decision::{Exclusion, Outcome};
use baton::domain::event::EventKind;
use baton::domain::id::LeadId;
use baton::domain::input::DealerInput;
use baton::domain::interface::{CandidateKind, Definition};
use baton::domain::job::{Algorithm, Fallback, Ranking, RunState};
use baton::domain::lead::{Lead, LeadState};
use baton::store::events::{self, EventFilter};
use baton::store::{Order, PageRequest, decisions, leads, runs};
use serde_json::Value;

use crate::support::app::{TestApp, on_each_database};
use crate::support::rules::{HOUR, holder, nearest_first};

const MICRO: Duration = Duration::from_micros(1);

async fn answer(app: &TestApp, lead: LeadId, answer: Answer) -> Result<bool, baton::actions::ActionError> {
    let admin = app.admin();
    let call = Call { actor: &admin, mutation: "answer", input: &Value::Null, key: None };
    let given = LeadAnswer { lead, answer, expected_version: None };
    answer_lead(app.context(), call, given).await.map(|done| done.changed)
}

async fn kinds(app: &TestApp, lead: &Lead) -> Vec<EventKind> {
    let filter = EventFilter { request: Some(lead.request), ..EventFilter::default() };
    let page = events::list(app.store().reader(), app.tenant.id, &filter, Order::Asc, &PageRequest::first(200)).await;
    page.unwrap().into_rows().into_iter().map(|event| event.kind).collect()
}

// JOB-2, JOB-4
#[tokio::test]
async fn a_lead_is_handed_on_exactly_when_its_time_has_elapsed() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        let job = app.job("after an hour", interface, |_| {}).await;
        let first = app.offered_lead(dealers[0]).await;
        app.work().await;
        app.advance(HOUR - MICRO);
        app.work().await;
        assert_eq!(app.copies(first).await.len(), 1);
        app.advance(MICRO);
        app.work().await;
        let copies = app.copies(first).await;
        let [old, new] = &copies[..] else { panic!("{copies:?}") };
        assert_eq!((old.state, old.times.expired_at), (LeadState::Expired, Some(app.now())));
        assert_eq!(old.times.reassigned_at, Some(app.now()));
        assert_eq!((new.state, holder(new), new.round), (LeadState::Offered, dealers[1], 1));
        assert_eq!((new.parent, new.root, new.job), (Some(old.id), old.id, Some(job)));
        assert_eq!((new.received_at, new.times.offered_at), (old.received_at, Some(app.now())));
        assert_eq!(app.mails_to("d2@example.org").len(), 1);
        assert_eq!(
            kinds(app, new).await,
            [EventKind::LeadReceived, EventKind::LeadOffered, EventKind::LeadOffered, EventKind::LeadReassigned]
        );
    })
    .await;
}

// IFACE-9
#[tokio::test]
async fn a_decision_keeps_the_version_the_candidates_and_what_was_left_out() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let resting = DealerInput { accepts_leads: Some(false), ..DealerInput::default() };
        app.dealer_at("Resting", "02138", resting).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        let job = app.job("after an hour", interface, |_| {}).await;
        let first = app.offered_lead(dealers[0]).await;
        app.an_hour_later().await;
        let new = app.newest(first).await;
        let decision =
            decisions::lookup(app.store().reader(), app.tenant.id, new.decision.unwrap()).await.unwrap().unwrap();
        assert_eq!((decision.outcome, decision.job, decision.lead), (Outcome::Assigned, Some(job), first));
        assert_eq!(decision.interface, Some((interface, 1)));
        assert_eq!((decision.considered, decision.matched), (4, 2));
        let ranked: Vec<_> = decision.candidates.iter().map(|one| (one.label.as_str(), one.rank)).collect();
        assert_eq!(ranked, [("D2", 1), ("D3", 2)]);
        assert!(decision.candidates[0].distance_km.unwrap() < decision.candidates[1].distance_km.unwrap());
        assert_eq!(decision.excluded.reasons.get(&Exclusion::NotAccepting), Some(&1));
        assert_eq!(decision.excluded.reasons.get(&Exclusion::AlreadyRecipient), Some(&1));
        let inputs: Value = serde_json::from_str(&decision.inputs).unwrap();
        assert_eq!(inputs["postalCode"], "02138");
        assert!(!decision.inputs.contains("Doe"), "a decision outlives the customer's data");
    })
    .await;
}

// ALGO-1
#[tokio::test]
async fn single_hands_on_once_and_then_lets_it_be() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("single", interface, |_| {}).await;
        let first = app.offered_lead(dealers[0]).await;
        app.an_hour_later().await;
        let new = app.newest(first).await;
        assert_eq!(new.due_at, None, "its own copy has no deadline");
        app.an_hour_later().await;
        app.an_hour_later().await;
        assert_eq!(app.copies(first).await.len(), 2);
    })
    .await;
}

// ALGO-2
#[tokio::test]
async fn a_blast_has_one_winner_and_the_others_expire_at_that_instant() {
    on_each_database(async |app| {
        let dealers = app.dealers(5).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("blast", interface, |job| job.algorithm = Algorithm::Blast).await;
        let first = app.offered_lead(dealers[0]).await;
        app.an_hour_later().await;
        let blast: Vec<Lead> = app.copies(first).await.into_iter().filter(|copy| copy.round == 1).collect();
        let mut held: Vec<_> = blast.iter().map(holder).collect();
        held.sort();
        let mut wanted = dealers[1..4].to_vec();
        wanted.sort();
        assert_eq!(held, wanted);
        assert!(answer(app, blast[1].id, Answer::Acknowledge).await.unwrap());
        app.work().await;
        for copy in app.copies(first).await.iter().filter(|copy| copy.round == 1) {
            if copy.id == blast[1].id {
                assert_eq!(
                    (copy.state, copy.acknowledged_by.as_deref()),
                    (LeadState::Acknowledged, Some("Ada, admin"))
                );
            } else {
                assert_eq!((copy.state, copy.times.expired_at), (LeadState::Expired, Some(app.now())));
                assert_eq!(copy.times.reassigned_at, None, "it was lost, not handed on");
                let refused = answer(app, copy.id, Answer::Acknowledge).await.unwrap_err();
                assert!(refused.to_string().contains("has expired and is no longer available"), "{refused}");
            }
        }
        let told: usize = (2..5).map(|index| app.mails_to(&format!("d{index}@example.org")).len()).sum();
        assert_eq!(told, 5, "three offers and two losses");
    })
    .await;
}

// ALGO-3
#[tokio::test]
async fn a_round_robin_goes_from_one_to_the_next_until_candidates_run_out() {
    on_each_database(async |app| {
        let dealers = app.dealers(4).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("round robin", interface, |job| job.algorithm = Algorithm::RoundRobin).await;
        let first = app.offered_lead(dealers[0]).await;
        for (round, dealer) in (1..).zip(&dealers[1..]) {
            app.an_hour_later().await;
            let newest = app.newest(first).await;
            assert_eq!((newest.round, holder(&newest)), (round, *dealer));
        }
        app.an_hour_later().await;
        let last = app.newest(first).await;
        assert_eq!((app.copies(first).await.len(), last.state), (4, LeadState::Offered));
        assert_eq!(last.exception.as_deref(), Some("none of 4 matches `nearest`"));
    })
    .await;
}

// ALGO-3
#[tokio::test]
async fn a_round_robin_stops_at_its_most_rounds_and_when_somebody_acknowledges() {
    on_each_database(async |app| {
        let dealers = app.dealers(5).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("round robin", interface, |job| {
            job.algorithm = Algorithm::RoundRobin;
            job.max_rounds = 2;
        })
        .await;
        let ignored = app.offered_lead(dealers[0]).await;
        let taken = app.offered_lead(dealers[0]).await;
        app.an_hour_later().await;
        let newest = app.newest(taken).await;
        answer(app, newest.id, Answer::Acknowledge).await.unwrap();
        for _ in 0..3 {
            app.an_hour_later().await;
        }
        assert_eq!(app.copies(ignored).await.len(), 3);
        assert_eq!(app.copies(taken).await.len(), 2);
    })
    .await;
}

// ALGO-3: a frozen ranking stays as it was; a recomputed one sees the newcomer.
#[tokio::test]
async fn a_frozen_ranking_is_kept_and_a_recomputed_one_is_not() {
    for (ranking, newcomer_gets_it) in [(Ranking::Frozen, false), (Ranking::Recomputed, true)] {
        on_each_database(async |app| {
            let dealers = app.dealers(4).await;
            let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
            app.job("round robin", interface, |job| {
                job.algorithm = Algorithm::RoundRobin;
                job.ranking = ranking;
            })
            .await;
            let first = app.offered_lead(dealers[0]).await;
            app.an_hour_later().await;
            let newcomer = app.dealer_at("Newcomer", "02138", DealerInput::default()).await;
            app.an_hour_later().await;
            let expected = if newcomer_gets_it { newcomer } else { dealers[2] };
            assert_eq!(holder(&app.newest(first).await), expected, "{ranking:?}");
        })
        .await;
    }
}

// ALGO-5
#[tokio::test]
async fn nearest_takes_the_nearest_whatever_the_sort_says() {
    on_each_database(async |app| {
        let dealers = app.dealers(4).await;
        let mut farthest_first = nearest_first();
        farthest_first.sort[0].direction = baton::domain::interface::Direction::Desc;
        let interface = app.interface("farthest", CandidateKind::Dealer, farthest_first).await;
        app.job("nearest", interface, |job| job.algorithm = Algorithm::Nearest).await;
        let first = app.offered_lead(dealers[3]).await;
        app.an_hour_later().await;
        assert_eq!(holder(&app.newest(first).await), dealers[0]);
    })
    .await;
}

// ALGO-8
#[tokio::test]
async fn without_a_candidate_the_fallback_gets_it_and_it_is_listed_with_the_reason() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let fallback = DealerInput { is_default: Some(true), ..DealerInput::default() };
        let default = app.dealer_at("Default", "01608", fallback).await;
        let nobody = Definition { filter: "dealer.rating > 4.9".to_owned(), ..nearest_first() };
        let interface = app.interface("nobody", CandidateKind::Dealer, nobody).await;
        app.job("with fallback", interface, |job| job.fallback = Fallback::DefaultDealer).await;
        let first = app.offered_lead(dealers[0]).await;
        app.an_hour_later().await;
        let new = app.newest(first).await;
        assert_eq!(holder(&new), default);
        assert_eq!(new.exception.as_deref(), Some("none of 2 matches `nobody`"));
        let decision =
            decisions::lookup(app.store().reader(), app.tenant.id, new.decision.unwrap()).await.unwrap().unwrap();
        assert_eq!(decision.outcome, Outcome::Fallback);
        assert_eq!(decision.excluded.reasons.get(&Exclusion::FilterUnknown), Some(&1));
    })
    .await;
}

// ALGO-8
#[tokio::test]
async fn left_where_it_is_it_stands_among_the_exceptions() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("leave", interface, |_| {}).await;
        let first = app.offered_lead(dealers[0]).await;
        app.an_hour_later().await;
        let lead = app.lead(first).await;
        assert_eq!((lead.state, holder(&lead)), (LeadState::Offered, dealers[0]));
        assert!(lead.exception.is_some());
        assert_eq!(app.copies(first).await.len(), 1);
        assert!(kinds(app, &lead).await.contains(&EventKind::LeadException));
    })
    .await;
}

// JOB-4: the original stays alive until someone acknowledges.
#[tokio::test]
async fn a_kept_original_is_alive_until_one_of_the_copies_is_acknowledged() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("keep", interface, |job| job.keep_original = true).await;
        for original_wins in [true, false] {
            let first = app.offered_lead(dealers[0]).await;
            app.an_hour_later().await;
            let copy = app.newest(first).await;
            assert_eq!(app.lead(first).await.state, LeadState::Offered);
            let (winner, loser) = if original_wins { (first, copy.id) } else { (copy.id, first) };
            answer(app, winner, Answer::Acknowledge).await.unwrap();
            app.work().await;
            assert_eq!(app.lead(winner).await.state, LeadState::Acknowledged);
            assert_eq!(app.lead(loser).await.state, LeadState::Expired);
        }
    })
    .await;
}

// ACK-6
#[tokio::test]
async fn a_rejected_lead_moves_on_at_once() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("single", interface, |_| {}).await;
        let first = app.offered_lead(dealers[0]).await;
        answer(app, first, Answer::Reject { reason: "too far".to_owned() }).await.unwrap();
        app.work().await;
        let old = app.lead(first).await;
        assert_eq!((old.state, old.state_reason.as_deref()), (LeadState::Rejected, Some("too far")));
        let new = app.newest(first).await;
        assert_eq!((holder(&new), new.state, new.times.offered_at), (dealers[1], LeadState::Offered, Some(app.now())));
    })
    .await;
}

// ACK-6, ALGO-8
#[tokio::test]
async fn a_rejected_lead_that_no_job_hands_on_is_listed_under_exceptions() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let first = app.offered_lead(dealers[0]).await;
        answer(app, first, Answer::Reject { reason: "too far".to_owned() }).await.unwrap();
        app.work().await;
        let lead = app.lead(first).await;
        assert_eq!(lead.exception.as_deref(), Some("rejected, and no job hands it on"));
    })
    .await;
}

// JOB-1: warning before loss.
#[tokio::test]
async fn the_recipient_is_warned_once_before_the_lead_is_taken_away() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("warns", interface, |job| {
            job.notify.warn_before = Some(Duration::from_mins(15));
            job.notify.old_owner = true;
        })
        .await;
        app.offered_lead(dealers[0]).await;
        app.work().await;
        app.advance(Duration::from_mins(44));
        app.work().await;
        assert_eq!(app.mails_to("d1@example.org").len(), 1);
        app.advance(Duration::from_mins(1));
        app.work().await;
        app.work().await;
        assert_eq!(app.mails_to("d1@example.org").len(), 2);
        app.advance(Duration::from_mins(15));
        app.work().await;
        let mails = app.mails_to("d1@example.org");
        assert_eq!(mails.len(), 3, "the offer, the warning, the loss");
        assert_eq!(app.mails_to("d2@example.org").len(), 1);
    })
    .await;
}

// JOB-2
#[tokio::test]
async fn the_upper_age_counts_from_the_request_over_all_rounds() {
    on_each_database(async |app| {
        let dealers = app.dealers(5).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("two hours", interface, |job| {
            job.algorithm = Algorithm::RoundRobin;
            job.upper_age = HOUR * 2;
        })
        .await;
        let first = app.offered_lead(dealers[0]).await;
        for _ in 0..4 {
            app.an_hour_later().await;
        }
        assert_eq!(app.copies(first).await.len(), 3, "at one hour and at exactly two");
        assert!(kinds(app, &app.lead(first).await).await.contains(&EventKind::LeadSkipped));
    })
    .await;
}

// JOB-1, EXPR-1: the first job whose condition holds acts.
#[tokio::test]
async fn jobs_look_at_a_lead_in_their_order_and_by_their_conditions() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let mut farthest_first = nearest_first();
        farthest_first.sort[0].direction = baton::domain::interface::Direction::Desc;
        let near = app.interface("near", CandidateKind::Dealer, nearest_first()).await;
        let far = app.interface("far", CandidateKind::Dealer, farthest_first).await;
        app.job("partners only", near, |job| job.condition = "lead.source == 'partner'".to_owned()).await;
        let second = app
            .job("all others", far, |job| {
                job.position = 2;
                job.condition = "lead.round < 5 && now - lead.received_at >= duration('1h')".to_owned();
            })
            .await;
        let first = app.offered_lead(dealers[0]).await;
        app.an_hour_later().await;
        let new = app.newest(first).await;
        assert_eq!((new.job, holder(&new)), (Some(second), dealers[2]));
    })
    .await;
}

// JOB-7
#[tokio::test]
async fn a_run_says_what_it_examined_moved_and_skipped() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        let job = app.job("picky", interface, |job| job.condition = "lead.brand == 'Aurora'".to_owned()).await;
        app.offered_lead(dealers[0]).await;
        app.offered_lead(dealers[1]).await;
        let excluded = app.offered_lead(dealers[0]).await;
        app.work().await;
        let mut held = app.lead(excluded).await;
        held.excluded_from_automation = true;
        leads::update(app.store().writer(), &[held]).await.unwrap();
        app.an_hour_later().await;
        let page =
            runs::list(app.store().reader(), app.tenant.id, Some(job), Order::Desc, &PageRequest::first(10)).await;
        let runs = page.unwrap().into_rows();
        assert_eq!(runs.len(), 1);
        assert_eq!((runs[0].state, runs[0].examined, runs[0].reassigned), (RunState::Done, 3, 2));
        assert_eq!(runs[0].skipped.get("EXCLUDED"), Some(&1));
    })
    .await;
}

// JOB-7
#[tokio::test]
async fn a_run_that_was_asked_for_leaves_alone_what_it_makes_and_what_its_condition_rules_out() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        let condition = "lead.dealer.name != 'D3' && lead.source.matches('^w.b$')";
        let job = app
            .job("by hand", interface, |job| {
                job.enabled = false;
                job.algorithm = Algorithm::RoundRobin;
                job.condition = condition.to_owned();
            })
            .await;
        let moved = app.offered_lead(dealers[0]).await;
        let left = app.offered_lead(dealers[2]).await;
        app.advance(HOUR);
        let admin = app.admin();
        let call = Call { actor: &admin, mutation: "runReassignmentJob", input: &Value::Null, key: None };
        run_now(app.context(), call, job).await.unwrap();
        app.work().await;
        assert_eq!(holder(&app.newest(moved).await), dealers[1]);
        assert_eq!(app.lead(left).await.state, LeadState::Offered);
        let page =
            runs::list(app.store().reader(), app.tenant.id, Some(job), Order::Desc, &PageRequest::first(10)).await;
        let runs = page.unwrap().into_rows();
        assert_eq!(
            (runs[0].state, runs[0].examined, runs[0].reassigned),
            (RunState::Done, 1, 1),
            "{:?}",
            runs[0].skipped
        );
        assert!(runs[0].skipped.is_empty(), "{:?}", runs[0].skipped);
    })
    .await;
}

// ACK-3, API-3
#[tokio::test]
async fn answers_are_repeatable_and_only_go_forward() {
    on_each_database(async |app| {
        let dealers = app.dealers(1).await;
        let lead = app.offered_lead(dealers[0]).await;
        app.work().await;
        app.advance(Duration::from_secs(90));
        assert!(answer(app, lead, Answer::Acknowledge).await.unwrap());
        let acknowledged = app.lead(lead).await;
        app.advance(Duration::from_secs(90));
        assert!(!answer(app, lead, Answer::Acknowledge).await.unwrap(), "again changes nothing");
        assert_eq!(app.lead(lead).await.version, acknowledged.version);
        assert!(answer(app, lead, Answer::Accept).await.unwrap());
        assert!(answer(app, lead, Answer::Win { reason: None }).await.unwrap());
        let refused = answer(app, lead, Answer::Lose { reason: "no".to_owned() }).await.unwrap_err();
        let baton::actions::ActionError::Refused(problems) = refused else { panic!("{refused}") };
        assert_eq!(problems[0].code, InvalidCode::WrongState);
    })
    .await;
}
