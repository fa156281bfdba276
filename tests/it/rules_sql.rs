//! A rule means the same in memory, on SQLite and on PostgreSQL: shown on generated expressions over generated rows, value by value
//! and order by order; what can't be said exactly is refused by name.
//!
//! `BATON_RULE_PAIRS` says how many expressions are held against each table; one seed, so that a run repeats itself.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::env;

use baton::routing::{self, Subject};
use baton::rules::limits::{LIST_ITEMS_MAX, NODES_MAX};
use baton::rules::{Catalog, Checked, Context, Direction, Expect, Nulls, SortKey, Truth, check};
use baton::store::rule::{Pushed, Rows, answers, refusals};
use baton::store::{Order, PageRequest, Scope, dealers, leads, users};
use uuid::Uuid;

use crate::support::app::{START, TestApp, on_each_database};
use crate::support::dice::Dice;
use crate::support::terms::Terms;
use crate::support::words::Row;
use crate::support::world::World;

/// Expressions per statement: more make it longer to plan than to send.
const BATCH: usize = 20;

fn pairs() -> usize {
    env::var("BATON_RULE_PAIRS").map_or(3_400, |pairs| pairs.parse().unwrap())
}

/// The rows of one kind, as memory reads them.
struct Table {
    rows: Rows,
    context: Context,
    by_id: HashMap<Uuid, Row>,
}

impl Table {
    fn of(world: &World, rows: Rows) -> Self {
        let (context, by_id) = match rows {
            Rows::Leads => {
                (Context::LeadCondition, world.leads.iter().map(|lead| (lead.id.0, world.lead_row(lead))).collect())
            }
            Rows::Dealers => (
                Context::DealerCondition,
                world.dealers.iter().map(|dealer| (dealer.id.0, world.dealer_row(dealer))).collect(),
            ),
            Rows::Users => {
                (Context::UserCondition, world.users.iter().map(|user| (user.id.0, world.user_row(user))).collect())
            }
        };
        Self { rows, context, by_id }
    }
}

/// Generated conditions, each of which the checker accepts and the databases can be asked.
fn conditions(dice: &mut Dice, catalog: &Catalog, table: &Table, count: usize) -> Vec<Checked> {
    let mut made = Vec::with_capacity(count);
    let mut tries = 0;
    while made.len() < count {
        tries += 1;
        assert!(tries < 20 * count + 100, "the checker refuses most of what is generated");
        let depth = 1 + dice.below(4);
        let text = Terms::new(dice, catalog, table.context).condition(depth);
        // A value that a choice never takes, or too many terms.
        let Ok(checked) = check(&text, catalog, table.context, Expect::Condition) else { continue };
        let refused = refusals(&checked, catalog, table.rows);
        assert!(refused.is_empty(), "{text}\n{refused:?}");
        made.push(checked);
    }
    made
}

async fn same_truths(app: &TestApp, rows: Rows, seed: u64) {
    let world = World::made(app, seed).await;
    let table = Table::of(&world, rows);
    let catalog = world.catalog();
    let mut dice = Dice::new(seed + 1);
    let mut met = HashMap::new();
    for _ in 0..pairs().div_ceil(BATCH) {
        let batch = conditions(&mut dice, catalog, &table, BATCH);
        let conn = app.store().reader();
        let mut pushed = Vec::new();
        for rule in &batch {
            pushed.push(Pushed::value(conn, (rule, catalog), rows, START).unwrap());
            pushed.push(Pushed::condition(conn, (rule, catalog), rows, START).unwrap());
        }
        let found = answers(conn, app.tenant.id, rows, &pushed, None).await;
        let found = found.unwrap_or_else(|error| {
            let texts: Vec<&str> = batch.iter().map(Checked::text).collect();
            panic!("{error}\n{}", texts.join("\n"))
        });
        assert_eq!(found.len(), table.by_id.len());
        for (id, cells) in found {
            for (rule, cells) in batch.iter().zip(cells.chunks(2)) {
                let row = &table.by_id[&id];
                let expected = rule.truth(row);
                *met.entry(expected).or_insert(0) += 1;
                let said = match &cells[0] {
                    SortKey::Bool(true) => Truth::True,
                    SortKey::Bool(false) => Truth::False,
                    _ => Truth::Unknown,
                };
                let shown = || {
                    let sql = Pushed::value(conn, (rule, catalog), rows, START).unwrap().shown();
                    format!("{}\n{:?}\n{sql}\n", rule.text(), rule.explain(catalog, row))
                };
                assert_eq!(said, expected, "{}", shown());
                assert_eq!(cells[1] == SortKey::Bool(true), expected.matches(), "as a condition\n{}", shown());
            }
        }
    }
    for truth in [Truth::True, Truth::False, Truth::Unknown] {
        assert!(met[&truth] > pairs(), "{truth:?} is met too seldom: {met:?}");
    }
}

// EXPR-4, EXPR-5
#[tokio::test]
async fn conditions_over_leads_mean_the_same_everywhere() {
    on_each_database(async |app: &TestApp| same_truths(app, Rows::Leads, 20_261_121).await).await;
}

// EXPR-4, EXPR-5
#[tokio::test]
async fn conditions_over_dealers_mean_the_same_everywhere() {
    on_each_database(async |app: &TestApp| same_truths(app, Rows::Dealers, 20_261_122).await).await;
}

// EXPR-4, EXPR-5
#[tokio::test]
async fn conditions_over_users_mean_the_same_everywhere() {
    on_each_database(async |app: &TestApp| same_truths(app, Rows::Users, 20_261_123).await).await;
}

// EXPR-5, IFACE-2
#[tokio::test]
async fn sorting_by_an_expression_gives_the_same_order_everywhere() {
    on_each_database(async |app: &TestApp| {
        let world = World::made(app, 5).await;
        let catalog = world.catalog();
        let mut dice = Dice::new(6);
        for rows in [Rows::Leads, Rows::Dealers, Rows::Users] {
            let table = Table::of(&world, rows);
            let mut sorted = 0;
            while sorted < (pairs() / 20).max(20) {
                let depth = dice.below(3);
                let text = Terms::new(&mut dice, catalog, table.context).key(depth);
                let Ok(checked) = check(&text, catalog, table.context, Expect::SortKey) else { continue };
                let direction = dice.pick(&[Direction::Ascending, Direction::Descending]);
                let nulls = dice.pick(&[Nulls::First, Nulls::Last]);
                let conn = app.store().reader();
                let key = Pushed::value(conn, (&checked, catalog), rows, START).unwrap();
                let sorting = Some((&key, direction, nulls));
                let found = answers(conn, app.tenant.id, rows, std::slice::from_ref(&key), sorting).await;
                let found = found.unwrap_or_else(|error| panic!("{error:?}\n{}\n{}", checked.text(), key.shown()));
                let mut expected: Vec<(Uuid, SortKey<'_>)> =
                    table.by_id.iter().map(|(id, row)| (*id, checked.sort_key(row))).collect();
                expected.sort_by(|(left_id, left), (right_id, right)| {
                    left.compare(right, direction, nulls).then(left_id.cmp(right_id))
                });
                let found: Vec<(Uuid, SortKey<'_>)> =
                    found.into_iter().map(|(id, mut cells)| (id, cells.remove(0))).collect();
                assert_eq!(found, expected, "{} {direction:?} {nulls:?}\n{}", checked.text(), key.shown());
                sorted += 1;
            }
        }
    })
    .await;
}

fn condition(world: &World, text: &str) -> Checked {
    check(text, world.catalog(), Context::LeadCondition, Expect::Condition)
        .unwrap_or_else(|found| panic!("{text}\n{found:?}"))
}

// EXPR-5, BULK-1: the grids take a rule, and memory's own reading of leads says the same.
#[tokio::test]
async fn a_grid_lists_and_counts_the_rows_for_which_a_rule_holds() {
    on_each_database(async |app: &TestApp| {
        let world = World::made(app, 7).await;
        let (conn, scope) = (app.store().reader(), Scope::system(app.tenant.id));
        for text in [
            "lead.state == 'OFFERED'",
            "lead.dealer.brands.exists(b, b.startsWith('W')) || lead.owner.on_holiday",
            "lead.campaign != 'Web' && has(lead.exception)",
            "lead.dealer.category_rank.tier <= 1",
            "!has(lead.dealer) && lead.custom.segment in ['Gold', 'Bronze']",
            "now - lead.received_at > duration('24h') && lead.language < 'x'",
            "lead.visibility == 'RESTRICTED' || lead.alert.startsWith('W') && lead.campaign in ['Web', 'W']",
        ] {
            let rule = condition(&world, text);
            let held = world.leads.iter().filter(|lead| {
                let chain = Vec::from_iter(lead.recipient);
                let subject = Subject::new(&world.network, lead, &world.requests[&lead.request], &chain);
                routing::holds(&rule, &world.network, &subject, START).matches()
            });
            let mut expected: Vec<Uuid> = held.map(|lead| lead.id.0).collect();
            let pushed = Pushed::condition(conn, (&rule, world.catalog()), Rows::Leads, START).unwrap();
            let filter = leads::LeadFilter { rule: Some(pushed), ..leads::LeadFilter::default() };
            let sort = (leads::LeadSort::ReceivedAt, Order::Desc);
            let mut found = Vec::new();
            let mut page = PageRequest::first(7);
            loop {
                let part = leads::list(conn, &scope, &filter, sort, &page).await.unwrap();
                page.after = part.rows.last().map(|(key, _)| key.clone());
                found.extend(part.rows.iter().map(|(_, lead)| lead.id.0));
                if !part.has_next {
                    break;
                }
            }
            assert!(!expected.is_empty() && expected.len() < world.leads.len(), "{text} says nothing");
            assert_eq!(leads::count(conn, &scope, &filter, 1_000).await.unwrap(), expected.len() as u64, "{text}");
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{text}");
        }
        let of = |text: &str, context| check(text, world.catalog(), context, Expect::Condition).unwrap();
        let rule = of("dealer.active && dealer.rating >= 3", Context::DealerCondition);
        let pushed = Pushed::condition(conn, (&rule, world.catalog()), Rows::Dealers, START).unwrap();
        let filter = dealers::DealerFilter { rule: Some(pushed), ..dealers::DealerFilter::default() };
        let held = world.dealers.iter().filter(|dealer| rule.truth(&world.dealer_row(dealer)).matches()).count();
        assert_eq!(dealers::count(conn, app.tenant.id, &filter, 1_000).await.unwrap(), held as u64);
        let sort = (dealers::DealerSort::Name, Order::Asc);
        let listed = dealers::list(conn, app.tenant.id, &filter, sort, &PageRequest::first(100)).await.unwrap();
        assert_eq!(listed.rows.len(), held);
        let rule = of("'Web' in user.groups || user.roles == user.roles && user.active", Context::UserCondition);
        assert_eq!(refusals(&rule, world.catalog(), Rows::Users).len(), 1);
        let rule = of("'Web' in user.groups || user.active", Context::UserCondition);
        let pushed = Pushed::condition(conn, (&rule, world.catalog()), Rows::Users, START).unwrap();
        let filter = users::UserFilter { rule: Some(pushed), ..users::UserFilter::default() };
        let held = world.users.iter().filter(|user| rule.truth(&world.user_row(user)).matches()).count();
        assert_eq!(users::count(conn, app.tenant.id, &filter, 1_000).await.unwrap(), held as u64);
        let listed = users::list(conn, app.tenant.id, &filter, Order::Asc, &PageRequest::first(100)).await.unwrap();
        assert_eq!(listed.rows.len(), held);
    })
    .await;
}

// EXPR-6
#[tokio::test]
async fn a_rule_at_every_limit_is_asked_of_both_databases() {
    on_each_database(async |app: &TestApp| {
        let world = World::made(app, 8).await;
        let table = Table::of(&world, Rows::Leads);
        let nested = |times: usize, around: &dyn Fn(String) -> String, core: &str| {
            (0..times).fold(core.to_owned(), |text, _| around(text))
        };
        let chain = |op: &str, term: &str, times: usize| vec![term; times].join(op);
        let list = |item: &str, items: usize| vec![item; items].join(", ");
        let texts = [
            nested(30, &|text| format!("!({text})"), "lead.excluded_from_automation"),
            format!("{} > 0", chain(" + ", "lead.round", 60)),
            format!("{} > 0", chain(" * ", "lead.custom.bays", 60)),
            format!("{} > 0.0", chain(" * ", "lead.custom.score", 60)),
            format!("{} > 0.0", chain(" / ", "lead.custom.score", 60)),
            format!("({}).startsWith('W')", chain(" + ", "lead.source", 60)),
            chain(" && ", "lead.round >= 0", NODES_MAX / 3 - 1),
            chain(" || ", "has(lead.city)", NODES_MAX - 2),
            nested(29, &|text| format!("({text} ? lead.excluded_from_automation : true)"), "has(lead.brand)"),
            nested(29, &|text| format!("(has(lead.brand) && (lead.round > 1 || {text}))"), "has(lead.brand)"),
            format!("lead.round in [{}]", list("-7", LIST_ITEMS_MAX)),
            format!("lead.source in [{}]", list("'Web'", LIST_ITEMS_MAX)),
            format!("[{}].all(x, x != lead.round)", list("-7", LIST_ITEMS_MAX)),
            format!("lead.custom.bays in [{}]", list("lead.round + 1", 100)),
            nested(13, &|text| format!("[lead.round, 1].exists(x{}, {text})", text.len()), "lead.round > 0"),
            nested(14, &|text| format!("['a'].all(x{}, lead.source != 'a' || {text})", text.len()), "lead.round > 0"),
        ];
        for text in texts {
            let shown: String = text.chars().take(50).collect();
            let rule = condition(&world, &text);
            let conn = app.store().reader();
            let pushed = Pushed::value(conn, (&rule, world.catalog()), Rows::Leads, START);
            let pushed = pushed.unwrap_or_else(|found| panic!("{shown}: {found:?}"));
            let found = answers(conn, app.tenant.id, Rows::Leads, &[pushed], None).await;
            for (id, cells) in found.unwrap_or_else(|error| panic!("{shown}: {error}")) {
                let said = cells[0] == SortKey::Bool(true);
                assert_eq!(said, rule.truth(&table.by_id[&id]).matches(), "{shown}");
            }
        }
    })
    .await;
}

// EXPR-5
#[tokio::test]
async fn what_cant_be_said_exactly_is_refused_with_the_term_named() {
    let app = TestApp::start(crate::support::app::Engine::Sqlite).await;
    let world = World::made(&app, 9).await;
    for (text, named) in [
        ("lead.round > 0 && lead.source.matches('^W.b$')", "1:19: `lead.source.matches('^W.b$')` can't"),
        ("int(lead.source) > 1", "1:1: `int(lead.source)` can't"),
        ("double(lead.source) > 1.0", "1:1: `double(lead.source)` can't"),
        ("timestamp(lead.source) < now", "1:1: `timestamp(lead.source)` can't"),
        ("duration(lead.source) < duration('1s')", "1:1: `duration(lead.source)` can't"),
        ("string(lead.received_at) == 'x'", "1:1: `string(lead.received_at)` can't"),
        (
            "lead.received_at.getHours(lead.dealer.time_zone) > 8",
            "1:1: `lead.received_at.getHours(lead.dealer.time_zone)` can't",
        ),
        ("'a' in (lead.round > 0 ? ['a'] : ['b'])", "can't depend on a condition"),
        ("lead.dealer.brands == ['a']", "1:1: `lead.dealer.brands == ['a']` can't"),
    ] {
        let rule = condition(&world, text);
        let found = refusals(&rule, world.catalog(), Rows::Leads);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].to_string().contains(named), "{}", found[0]);
    }
    let two = condition(&world, "int(lead.source) > 1 && (lead.round > 2 || string(now - lead.received_at) == 'x')");
    assert_eq!(refusals(&two, world.catalog(), Rows::Leads).len(), 2);
    let beside = "dealer.distance_km < 5.0 && dealer.active && lead.round > 1";
    let beside = check(beside, world.catalog(), Context::CandidateDealer, Expect::Condition).unwrap();
    let paths: Vec<String> =
        refusals(&beside, world.catalog(), Rows::Dealers).iter().map(ToString::to_string).collect();
    assert_eq!(paths.len(), 2, "{paths:?}");
    assert!(paths[0].starts_with("1:1: `dealer.distance_km` can't"), "{paths:?}");
    let of_dealers = check("dealer.distance_km < 5.0", world.catalog(), Context::DealerCondition, Expect::Condition);
    assert!(of_dealers.unwrap_err()[0].message.contains("there is no lead here"));
    app.finish().await;
}

// EXPR-5: a prepared statement is found again by its text, so a text must not be the same for values of two types.
#[tokio::test]
async fn values_of_two_types_in_one_place_are_not_taken_for_each_other() {
    on_each_database(async |app: &TestApp| {
        let world = World::made(app, 10).await;
        let table = Table::of(&world, Rows::Leads);
        let conn = app.store().reader();
        for [one, two, three] in [["1", "2", "3"], ["1.0", "2.0", "3.0"], ["'1'", "'2'", "'3'"], ["1", "2", "3"]] {
            for text in [format!("has(lead.brand) ? {one} : {two}"), three.to_owned()] {
                let key = check(&text, world.catalog(), Context::LeadCondition, Expect::SortKey).unwrap();
                let pushed = Pushed::value(conn, (&key, world.catalog()), Rows::Leads, START).unwrap();
                for (id, cells) in answers(conn, app.tenant.id, Rows::Leads, &[pushed], None).await.unwrap() {
                    assert_eq!(cells[0], key.sort_key(&table.by_id[&id]), "{text}");
                }
            }
        }
    })
    .await;
}

// EXPR-5: PostgreSQL raises where a double overflows or vanishes, also while it plans; nothing of that may be reached.
#[tokio::test]
async fn doubles_at_the_ends_of_their_range_mean_the_same_everywhere() {
    const ENDS: [&str; 9] = [
        "1.7976931348623157e308",
        "-1.7976931348623157e308",
        "8.98846567431158e307",
        "5e-324",
        "-2.2250738585072014e-308",
        "1.3407807929942597e154",
        "1.5e-162",
        "1.0",
        "0.0",
    ];
    on_each_database(async |app: &TestApp| {
        let world = World::made(app, 11).await;
        let table = Table::of(&world, Rows::Dealers);
        let conn = app.store().reader();
        let terms = ["dealer.rating", "(dealer.custom.score * 1e208)", "(dealer.custom.score * 1e-260)"];
        let mut keys = Vec::new();
        for term in terms {
            for other in ENDS.iter().chain(&terms) {
                for op in ["+", "-", "*", "/"] {
                    keys.extend([format!("{term} {op} {other}"), format!("{other} {op} {term}")]);
                }
            }
        }
        for batch in keys.chunks(BATCH) {
            let of = |text: &String| check(text, world.catalog(), Context::DealerCondition, Expect::SortKey).unwrap();
            let keys: Vec<Checked> = batch.iter().map(of).collect();
            let pushed = |key| Pushed::value(conn, (key, world.catalog()), Rows::Dealers, START).unwrap();
            let pushed: Vec<Pushed> = keys.iter().map(pushed).collect();
            let found = answers(conn, app.tenant.id, Rows::Dealers, &pushed, None).await;
            for (id, cells) in found.unwrap_or_else(|error| panic!("{error}\n{batch:?}")) {
                for (key, cell) in keys.iter().zip(cells) {
                    assert_eq!(
                        cell,
                        key.sort_key(&table.by_id[&id]),
                        "{} {:?}",
                        key.text(),
                        key.explain(world.catalog(), &table.by_id[&id])
                    );
                }
            }
        }
    })
    .await;
}
