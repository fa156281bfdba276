//! A rule means the same in memory, on SQLite and on PostgreSQL: shown on generated expressions over generated rows, value by value
//! and order by order; what can't be said exactly is refused by name.
//!
//! `BATON_RULE_PAIRS` says how many expressions are held against each table; one seed, so that a run repeats itself.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::env;

use baton::domain::lead::{Lead, Recipient};
use baton::routing::{self, Subject};
use baton::rules::{Catalog, Checked, Context, Direction, Expect, Nulls, SortKey, Truth, check};
use baton::store::rule::{Pushed, Rows, answers, refusals};
use baton::store::{Scope, dealers, leads, users};
use uuid::Uuid;

use crate::rules_golden::Row;
use crate::support::app::{START, TestApp, on_each_database};
use crate::support::dice::Dice;
use crate::support::terms::Terms;
use crate::support::world::World;

/// Expressions per statement: more make it longer to plan than to send.
const BATCH: usize = 20;

fn pairs() -> usize {
    env::var("BATON_RULE_PAIRS").map_or(1_500, |pairs| pairs.parse().unwrap())
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
                let found = answers(conn, app.tenant.id, rows, std::slice::from_ref(&key), sorting).await.unwrap();
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
