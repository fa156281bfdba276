//! The engine against its plain meaning, and the behaviours that people rely on, one by one.

use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::sample::{
    Case, NOW, case, dealer, dealer_id, definition, level, network, point, random_loads, user, user_id, words, world,
};
use super::*;
use crate::domain::decision::Exclusion;
use crate::domain::id::LeadId;
use crate::domain::interface::{CandidateKind, Definition, Direction, Nulls, Radius};
use crate::domain::lead::Recipient;
use crate::domain::user::DaysOff;
use crate::rules::Truth;

const NEAREST: Radius = Radius::Nearest;

fn km(km: f64) -> Radius {
    Radius::Within { km }
}

fn plan(network: &Arc<Network>, definition: &Definition) -> Plan {
    Plan::compile(Arc::clone(network), CandidateKind::Dealer, definition).unwrap()
}

fn rank(plan: &Plan, case: &Case, loads: &Loads) -> Ranking {
    let subject = Subject::new(plan.network(), &case.lead, &case.request, &case.chain);
    plan.rank(Question { subject: &subject, loads, now: NOW }, Sorted::AsDefined)
}

fn numbers(ranking: &Ranking) -> Vec<u128> {
    let number = |recipient: &Recipient| match recipient {
        Recipient::Dealer(id) => id.uuid().as_u128(),
        Recipient::User(id) => id.uuid().as_u128() - 1_000_000,
    };
    ranking.recipients().iter().map(number).collect()
}

fn reasons(ranking: &Ranking) -> Vec<(Exclusion, u64)> {
    ranking.excluded().reasons.into_iter().collect()
}

const DEALER_FILTERS: &[&str] = &[
    "",
    "dealer.rating >= 2.0",
    "dealer.category.tier in ['Gold', 'Silver'] && dealer.rating >= 2.0 && dealer.custom.region == lead.custom.region",
    "lead.custom.region == dealer.custom.region && dealer.rating < 4.0",
    "dealer.custom.region == lead.brand || dealer.custom.bays > 0",
    "!(dealer.custom.bays > 0) && dealer.open_leads < 2",
    "lead.brand in dealer.brands && dealer.distance_km < 120.0",
    "dealer.custom.region != 'north' && has(dealer.rating)",
    "dealer.lottery < 0.5 && dealer.ack_rate >= 0.25",
    "lead.dealer.custom.region == dealer.custom.region",
    "dealer.created_at <= now && dealer.category_rank.tier < 2",
    "dealer.custom.tags.exists(t, t == 'ev')",
    "dealer.custom.region == lead.campaign",
];
const USER_FILTERS: &[&str] = &[
    "",
    "user.custom.skill >= 0.5",
    "'East' in user.groups",
    "user.open_leads < 2 && user.lottery < 0.7",
    "'member' in user.roles",
];
const DEALER_SORTS: &[&str] = &[
    "dealer.rating",
    "dealer.distance_km",
    "dealer.distance_mi",
    "dealer.category_rank.tier",
    "dealer.custom.region",
    "dealer.lottery",
    "dealer.open_leads",
    "0.7 * dealer.rating - dealer.distance_km / 100.0",
    "lead.brand in dealer.brands",
    "dealer.custom.region == lead.custom.region ? dealer.custom.region : dealer.category.tier",
];
const USER_SORTS: &[&str] = &["user.custom.skill", "user.lottery", "user.open_leads", "user.locale"];

fn level_of(sorts: &'static [&'static str]) -> impl Strategy<Value = crate::domain::interface::SortLevel> {
    (prop::sample::select(sorts), any::<bool>(), any::<bool>()).prop_map(|(text, up, first)| {
        let direction = if up { Direction::Asc } else { Direction::Desc };
        level(text, direction, if first { Nulls::First } else { Nulls::Last })
    })
}

fn definition_of(
    filters: &'static [&'static str],
    sorts: &'static [&'static str],
) -> impl Strategy<Value = Definition> {
    let radius = prop_oneof![
        Just(NEAREST),
        Just(km(1.0)),
        Just(km(60.0)),
        Just(km(111.2)),
        Just(km(2_000.0)),
        Just(km(20_038.0))
    ];
    let sort = prop::collection::vec(level_of(sorts), 0..4);
    let limit = prop_oneof![1_u32..6, Just(250)];
    (prop::sample::select(filters), radius, sort, limit, any::<bool>(), any::<bool>()).prop_map(
        |(filter, radius, sort, limit, same_country, exclude_recipients)| Definition {
            same_country,
            exclude_recipients,
            ..definition(filter, radius, sort, limit)
        },
    )
}

pub(super) fn any_definition() -> impl Strategy<Value = (CandidateKind, Definition)> {
    prop_oneof![
        3 => definition_of(DEALER_FILTERS, DEALER_SORTS).prop_map(|definition| (CandidateKind::Dealer, definition)),
        1 => definition_of(USER_FILTERS, USER_SORTS).prop_map(|definition| (CandidateKind::User, definition)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    // IFACE-2, IFACE-3, IFACE-4: by the engine and by looking at everybody, the same candidates, order and counts.
    #[test]
    fn the_engine_answers_what_looking_at_everybody_answers(
        (kind, definition) in any_definition(),
        seed in 0_u64..40,
        count in prop_oneof![0_u128..3, 3_u128..60, 200_u128..300],
        at in prop::option::weighted(0.85, (-3_i32..=3, 0_i32..=5)),
        root in any::<u128>(),
        held in any::<prop::sample::Index>(),
        chain in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        foreign in prop::bool::weighted(0.2),
    ) {
        let network = world(seed, count);
        let loads = random_loads(seed, &network);
        let plan = Plan::compile(Arc::clone(&network), kind, &definition).unwrap();
        let mut case = case(at.map(|(lat, lon)| point(f64::from(lat) * 0.5, 179.0 + f64::from(lon) * 0.2)));
        let everybody: Vec<Recipient> =
            [CandidateKind::Dealer, CandidateKind::User].iter().flat_map(|kind| network.pool(*kind).ids().to_vec()).collect();
        case.lead.root = LeadId(Uuid::from_u128(root));
        if foreign {
            case.request.address.country = crate::domain::CountryCode::CA;
        }
        if !everybody.is_empty() {
            case.lead.recipient = Some(*held.get(&everybody));
            case.chain = chain.iter().map(|index| *index.get(&everybody)).collect();
        }
        let subject = Subject::new(&network, &case.lead, &case.request, &case.chain);
        let question = Question { subject: &subject, loads: &loads, now: NOW };
        let ranking = plan.rank(question, Sorted::AsDefined);
        let plain = plain::rank(&plan, question);
        prop_assert_eq!(ranking.recipients(), plain.recipients);
        prop_assert_eq!(ranking.matched, plain.matched);
        let excluded = ranking.excluded();
        prop_assert_eq!(&excluded, &plain.excluded);
        prop_assert_eq!(ranking.considered, ranking.matched + excluded.reasons.values().sum::<u64>());
        // IFACE-6: the explanation of each agrees with the ranking.
        for (rank, ranked) in (1..).zip(ranking.candidates.iter().take(2)) {
            let why = plan.explain(question, ranked.recipient).unwrap();
            prop_assert_eq!(why.rank, Some(rank));
            prop_assert!(why.exclusions.is_empty() && whole(&why.filter).all(|term| term.truth == Some(Truth::True)));
        }
        let unranked = network.pool(kind).ids().iter().filter(|id| !ranking.recipients().contains(id));
        for other in unranked.take(5) {
            let why = plan.explain(question, *other).unwrap();
            prop_assert_eq!(why.rank.is_some(), why.exclusions.is_empty());
            prop_assert!(why.exclusions.first().is_none_or(|first| excluded.reasons.contains_key(&first.reason)));
        }
    }
}

// IFACE-3
#[test]
fn each_dealer_is_left_out_once_under_the_first_reason_that_holds() {
    let near = Some(point(42.0, -71.0));
    let mut dealers: Vec<_> = (0..9).map(dealer).collect();
    for dealer in &mut dealers {
        dealer.point = near;
        dealer.rating = Some(5.0);
    }
    dealers[1].active = false;
    dealers[1].accepts_leads = false;
    dealers[2].accepts_leads = false;
    dealers[3].address.country = crate::domain::CountryCode::CA;
    dealers[4].point = Some(point(44.0, -71.0));
    dealers[6].capacity.open = Some(0);
    dealers[7].rating = Some(1.0);
    dealers[8].rating = None;
    let reachable = dealers.iter().map(|dealer| dealer.id).collect();
    let network = Arc::new(Network::build(NetworkParts { dealers, reachable, ..words() }));
    let plan = plan(&network, &definition("dealer.rating >= 4.0", km(100.0), Vec::new(), 10));
    let case = Case { chain: vec![Recipient::Dealer(dealer_id(5))], ..case(near) };
    let ranking = rank(&plan, &case, &Loads::none(&network));
    assert_eq!(numbers(&ranking), [0]);
    assert_eq!(
        reasons(&ranking),
        [
            (Exclusion::Inactive, 1),
            (Exclusion::NotAccepting, 1),
            (Exclusion::OtherCountry, 1),
            (Exclusion::OutsideRadius, 1),
            (Exclusion::AlreadyRecipient, 1),
            (Exclusion::AtCapacity, 1),
            (Exclusion::FilterNotMatched, 1),
            (Exclusion::FilterUnknown, 1),
        ]
    );
    assert_eq!(ranking.excluded().terms.get("dealer.rating >= 4.0"), Some(&2));
}

// IFACE-3
#[test]
fn a_dealer_whom_nobody_can_reach_is_left_out() {
    let network = Arc::new(Network::build(NetworkParts { dealers: vec![dealer(1)], ..words() }));
    let ranking = rank(&plan(&network, &definition("", NEAREST, Vec::new(), 10)), &case(None), &Loads::none(&network));
    assert_eq!(reasons(&ranking), [(Exclusion::NoReachableContact, 1)]);
}

// IFACE-4
#[test]
fn a_lead_without_a_point_is_a_named_problem_where_distance_matters() {
    let mut near = dealer(1);
    near.point = Some(point(42.0, -71.0));
    let network = network(vec![near, dealer(2)]);
    let loads = Loads::none(&network);
    let within = rank(&plan(&network, &definition("", km(100.0), Vec::new(), 10)), &case(None), &loads);
    assert_eq!((within.problem, within.matched), (Some(Problem::NoPoint), 0));
    assert_eq!(reasons(&within), [(Exclusion::OutsideRadius, 2)]);
    let anywhere = rank(&plan(&network, &definition("", NEAREST, Vec::new(), 10)), &case(None), &loads);
    assert_eq!((anywhere.problem, numbers(&anywhere)), (None, vec![1, 2]));
    let sort = vec![level("dealer.distance_km", Direction::Asc, Nulls::Last)];
    let sorted = rank(&plan(&network, &definition("", NEAREST, sort, 10)), &case(None), &loads);
    assert_eq!((sorted.problem, numbers(&sorted)), (Some(Problem::NoPoint), vec![1, 2]));
}

// IFACE-2
#[test]
fn the_last_tie_break_is_the_dealer_number_then_the_sub_number() {
    let mut dealers: Vec<_> = (0..4).map(dealer).collect();
    for (dealer, (number, sub_number)) in dealers.iter_mut().zip([("B", ""), ("A", "2"), ("A", "1"), ("A", "")]) {
        (dealer.number, dealer.sub_number) = (number.to_owned(), sub_number.to_owned());
    }
    let network = network(dealers);
    let sort = vec![level("dealer.rating", Direction::Desc, Nulls::Last)];
    let ranking = rank(&plan(&network, &definition("", NEAREST, sort, 10)), &case(None), &Loads::none(&network));
    assert_eq!(numbers(&ranking), [3, 2, 1, 0]);
}

// IFACE-5
#[test]
fn a_ranking_is_described_with_labels_ranks_distances_and_keys() {
    let mut first = dealer(1);
    (first.rating, first.point) = (Some(4.5), Some(point(0.0, 1.0)));
    let network = network(vec![first, dealer(2)]);
    let sort =
        vec![level("dealer.rating", Direction::Desc, Nulls::Last), level("dealer.name", Direction::Asc, Nulls::Last)];
    let plan = plan(&network, &definition("", NEAREST, sort, 10));
    let (case, loads) = (case(Some(point(0.0, 0.0))), Loads::none(&network));
    let subject = Subject::new(&network, &case.lead, &case.request, &case.chain);
    let question = Question { subject: &subject, loads: &loads, now: NOW };
    let described = plan.describe(question, &plan.rank(question, Sorted::AsDefined));
    assert_eq!(described[0].label, "D00001");
    assert!((described[0].distance_km.unwrap() - 111.195).abs() < 0.001);
    assert_eq!(described[0].keys, [serde_json::json!(4.5), serde_json::json!("Dealer 1")]);
    assert_eq!((described[1].rank, described[1].distance_km), (2, None));
    assert_eq!(described[1].keys[0], serde_json::Value::Null);
}

fn whole(terms: &[crate::rules::Reason]) -> impl Iterator<Item = &crate::rules::Reason> {
    terms.iter().filter(|term| term.parent.is_none())
}

// IFACE-6
#[test]
fn why_not_names_every_reason_and_each_terms_values() {
    let mut low = dealer(1);
    (low.rating, low.accepts_leads) = (Some(3.0), false);
    let network = network(vec![low]);
    let plan = plan(&network, &definition("dealer.rating >= 4.0 && dealer.custom.bays > 1", NEAREST, Vec::new(), 10));
    let (case, loads) = (case(None), Loads::none(&network));
    let subject = Subject::new(&network, &case.lead, &case.request, &case.chain);
    let question = Question { subject: &subject, loads: &loads, now: NOW };
    let why = plan.explain(question, Recipient::Dealer(dealer_id(1))).unwrap();
    let reasons: Vec<(Exclusion, &str)> = why.exclusions.iter().map(|out| (out.reason, out.because.as_str())).collect();
    let low = "`dealer.rating >= 4.0` is false: `dealer.rating` is 3.0";
    assert_eq!(reasons, [(Exclusion::NotAccepting, "does not accept leads"), (Exclusion::FilterNotMatched, low)]);
    assert_eq!(why.rank, None);
    let terms: Vec<_> = whole(&why.filter).map(|term| (term.truth, term.read[0].shown.as_str())).collect();
    assert_eq!(terms, [(Some(Truth::False), "3.0"), (Some(Truth::Unknown), "missing")]);
    assert!(plan.explain(question, Recipient::Dealer(dealer_id(9))).is_none());
    assert!(plan.explain(question, Recipient::User(user_id(1))).is_none());
}

// IFACE-3: a user's day off is a day where the user is.
#[test]
fn a_user_is_away_on_days_off_in_their_own_time_zone() {
    let mut east = user(1);
    let day = NOW.datetime().date_naive();
    east.days_off = vec![DaysOff { from: day, until: day }];
    east.time_zone = chrono_tz::Tz::Pacific__Kiritimati;
    let mut here = east.clone();
    (here.id, here.email, here.time_zone) = (user_id(2), "user2@example.org".to_owned(), chrono_tz::Tz::UTC);
    let network = Arc::new(Network::build(NetworkParts { users: vec![east, here], ..words() }));
    let plan =
        Plan::compile(Arc::clone(&network), CandidateKind::User, &definition("", km(10.0), Vec::new(), 10)).unwrap();
    let ranking = rank(&plan, &case(None), &Loads::none(&network));
    // In Kiritimati, 14 hours ahead, the next day has begun. Nobody has a place, so no radius leaves anybody out.
    assert_eq!(numbers(&ranking), [1]);
    assert_eq!(reasons(&ranking), [(Exclusion::NotAccepting, 1)]);
}

// IFACE-3
#[test]
fn leads_handed_out_in_one_batch_count_against_the_capacity() {
    let mut small = dealer(1);
    small.capacity.open = Some(1);
    let network = network(vec![small, dealer(2)]);
    let plan = plan(&network, &definition("", NEAREST, Vec::new(), 10));
    let mut loads = Loads::none(&network);
    assert!(plan.needs_loads());
    assert_eq!(numbers(&rank(&plan, &case(None), &loads)), [1, 2]);
    loads.add(Recipient::Dealer(dealer_id(1)));
    assert_eq!(numbers(&rank(&plan, &case(None), &loads)), [2]);
    loads.take(Recipient::Dealer(dealer_id(1)));
    assert_eq!(numbers(&rank(&plan, &case(None), &loads)), [1, 2]);
}

// ALGO-5
#[test]
fn by_distance_the_interfaces_sort_does_not_count() {
    let mut dealers: Vec<_> = (0..3).map(dealer).collect();
    for (dealer, lon) in dealers.iter_mut().zip([3.0, 1.0, 2.0]) {
        (dealer.point, dealer.rating) = (Some(point(0.0, lon)), Some(lon));
    }
    let network = network(dealers);
    let plan = plan(&network, &definition("", NEAREST, vec![level("dealer.rating", Direction::Desc, Nulls::Last)], 2));
    let (case, loads) = (case(Some(point(0.0, 0.0))), Loads::none(&network));
    let subject = Subject::new(&network, &case.lead, &case.request, &case.chain);
    let question = Question { subject: &subject, loads: &loads, now: NOW };
    assert_eq!(numbers(&plan.rank(question, Sorted::ByDistance)), [1, 2]);
    assert_eq!(numbers(&plan.rank(question, Sorted::AsDefined)), [0, 2]);
}

// IFACE-1, EXPR-2
#[test]
fn every_problem_of_a_definition_is_reported_with_its_place() {
    let network = network(Vec::new());
    let sort =
        vec![level("dealer.rating", Direction::Asc, Nulls::Last), level("dealer.ratin", Direction::Asc, Nulls::Last)];
    let broken = definition("dealer.rating > 'x' && dealer.nam == ''", km(f64::NAN), sort, 0);
    let problems = check_definition(network.catalog(), CandidateKind::Dealer, &broken).unwrap_err();
    let paths: Vec<String> = problems.iter().map(|problem| problem.invalid.path.join(".")).collect();
    assert_eq!(paths, ["radius", "limit", "filter", "filter", "sort.1.expression"]);
    assert!(problems[3].invalid.message.starts_with("1:24: "), "{}", problems[3].invalid.message);
    assert_eq!(problems[4].diagnostic.as_ref().and_then(|found| found.suggestion.as_deref()), Some("dealer.rating"));
}

// JOB-1, EXPR-1: a job's condition reads the lead, who has it, and the moment.
#[test]
fn a_condition_over_leads_reads_the_lead_its_holder_and_the_moment() {
    let mut holder = dealer(1);
    holder.rating = Some(2.0);
    let network = network(vec![holder]);
    let mut case = case(None);
    case.lead.recipient = Some(Recipient::Dealer(dealer_id(1)));
    let subject = Subject::new(&network, &case.lead, &case.request, &case.chain);
    for (text, truth) in [
        ("lead.brand == 'Alpha' && lead.dealer.rating < 3.0", Truth::True),
        ("lead.custom.region == 'north' && now == lead.received_at", Truth::True),
        ("lead.dealer.region == 'NY'", Truth::False),
        ("lead.owner.last_name == 'x'", Truth::Unknown),
    ] {
        let condition = crate::rules::check(
            text,
            network.catalog(),
            crate::rules::Context::LeadCondition,
            crate::rules::Expect::Condition,
        );
        assert_eq!(holds(&condition.unwrap(), &network, &subject, NOW), truth, "{text}");
    }
}
