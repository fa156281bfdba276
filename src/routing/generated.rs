//! Random well-typed expressions over random networks: the engine, with its cells, kinds, shortcuts and arrays, against the plain meaning
//! of a ranking, which asks the interpreter about every single candidate.
//!
//! `BATON_GENERATED_CASES` says how many; they are the same at every run.

use std::sync::Arc;

use uuid::Uuid;

use super::sample::{Case, Dice, NOW, case, definition, level, point, random_loads, world};
use super::{DefinitionProblem, Loads, Network, Plan, Question, Sorted, Subject, plain};
use crate::domain::CountryCode;
use crate::domain::id::LeadId;
use crate::domain::interface::{CandidateKind, Definition, Direction, Nulls, Radius};
use crate::domain::lead::Recipient;

/// Networks to ask: small ones for every corner, larger ones for cells of cells and for the shortcuts, which small ones never take.
const WORLDS: [(u64, u128); 10] =
    [(1, 1), (2, 5), (3, 40), (4, 40), (5, 60), (6, 300), (7, 300), (8, 600), (9, 1_200), (10, 2_500)];
const CASES: u64 = 1_500;

const DOUBLES: &[&str] = &[
    "dealer.rating",
    "dealer.distance_km",
    "dealer.distance_mi",
    "dealer.lottery",
    "dealer.ack_rate",
    "dealer.response_minutes",
    "lead.dealer.rating",
    "0.0",
    "-1.5",
    "2.5",
    "4.0",
    "120.0",
    "1e308",
    "5e-324",
    "double(dealer.custom.bays)",
];
const INTS: &[&str] = &[
    "dealer.custom.bays",
    "dealer.open_leads",
    "dealer.leads_today",
    "dealer.category_rank.tier",
    "dealer.capacity_open",
    "lead.round",
    "size(dealer.brands)",
    "0",
    "1",
    "-2",
    "9223372036854775807",
    "size(dealer.custom.region)",
];
const TEXTS: &[&str] = &[
    "dealer.custom.region",
    "dealer.category.tier",
    "dealer.name",
    "dealer.number",
    "dealer.country",
    "lead.custom.region",
    "lead.brand",
    "lead.campaign",
    "lead.dealer.custom.region",
    "'north'",
    "'Ost'",
    "'Süd 😀'",
    "''",
    "dealer.custom.region.lowerAscii()",
];
const MOMENTS: &[&str] =
    &["dealer.created_at", "now", "lead.received_at", "lead.offered_at", "timestamp('2026-11-21T12:00:00Z')"];
const LISTS: &[&str] = &["dealer.brands", "dealer.custom.tags", "dealer.territory", "['north', 'Ost', 'Alpha']"];
const ORDERS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

/// Writes expressions. Depth bounds them, so that each stays far below the limits.
struct Author(Dice);

impl Author {
    fn pick(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.0.below(texts.len() as u64) as usize]
    }

    fn double(&mut self, depth: u32) -> String {
        if depth == 0 || self.0.chance(0.4) {
            return self.pick(DOUBLES).to_owned();
        }
        match self.0.below(4) {
            0 => format!("-({})", self.double(depth - 1)),
            1 => format!("({} ? {} : {})", self.condition(depth - 1), self.double(depth - 1), self.double(depth - 1)),
            _ => {
                let op = self.pick(&["+", "-", "*", "/"]);
                format!("({} {op} {})", self.double(depth - 1), self.double(depth - 1))
            }
        }
    }

    fn int(&mut self, depth: u32) -> String {
        if depth == 0 || self.0.chance(0.6) {
            return self.pick(INTS).to_owned();
        }
        let op = self.pick(&["+", "-", "*", "/", "%"]);
        format!("({} {op} {})", self.int(depth - 1), self.int(depth - 1))
    }

    fn text(&mut self, depth: u32) -> String {
        if depth == 0 || self.0.chance(0.7) {
            return self.pick(TEXTS).to_owned();
        }
        format!("({} + {})", self.text(depth - 1), self.text(depth - 1))
    }

    fn condition(&mut self, depth: u32) -> String {
        if depth == 0 || self.0.chance(0.5) {
            return self.comparison(depth);
        }
        match self.0.below(5) {
            0 => format!("!({})", self.condition(depth - 1)),
            1 => {
                format!(
                    "({} ? {} : {})",
                    self.condition(depth - 1),
                    self.condition(depth - 1),
                    self.condition(depth - 1)
                )
            }
            2 => format!("({} && {})", self.condition(depth - 1), self.condition(depth - 1)),
            _ => format!("({} || {})", self.condition(depth - 1), self.condition(depth - 1)),
        }
    }

    fn comparison(&mut self, depth: u32) -> String {
        let depth = depth.min(2);
        let order = self.pick(ORDERS);
        match self.0.below(11) {
            0..=2 => format!("{} {order} {}", self.double(depth), self.double(depth)),
            3 => format!("{} {order} {}", self.double(depth), self.int(depth)),
            4 => format!("{} {order} {}", self.int(depth), self.int(depth)),
            5 | 6 => format!("{} {order} {}", self.text(depth), self.text(depth)),
            7 => format!("{} {order} {}", self.pick(MOMENTS), self.pick(MOMENTS)),
            8 => format!("{} in {}", self.text(depth), self.pick(LISTS)),
            9 => {
                let quantifier = self.pick(&["exists", "all"]);
                format!("{}.{quantifier}(item, item == {})", self.pick(LISTS), self.text(0))
            }
            _ => {
                let field =
                    self.pick(&["dealer.rating", "dealer.custom.region", "dealer.distance_km", "lead.campaign"]);
                format!("has({field})")
            }
        }
    }

    fn filter(&mut self) -> String {
        let terms: Vec<String> = (0..self.0.below(4)).map(|_| self.condition(2)).collect();
        terms.join(" && ")
    }

    fn key(&mut self) -> String {
        match self.0.below(8) {
            // What people sort by, so that the shortcuts are taken.
            0..=2 => self.pick(&["dealer.rating", "dealer.distance_km", "dealer.category_rank.tier"]).to_owned(),
            3 | 4 => self.double(2),
            5 => self.int(2),
            6 => self.text(1),
            _ => self.condition(1),
        }
    }

    fn definition(&mut self) -> Definition {
        let sort = (0..self.0.below(4)).map(|_| {
            let direction = if self.0.chance(0.5) { Direction::Asc } else { Direction::Desc };
            let nulls = if self.0.chance(0.3) { Nulls::First } else { Nulls::Last };
            level(&self.key(), direction, nulls)
        });
        let sort = sort.collect();
        let km = [1.0, 60.0, 111.2, 2_000.0, 9_000.0, 20_038.0][self.0.below(6) as usize];
        let radius = if self.0.chance(0.4) { Radius::Nearest } else { Radius::Within { km } };
        let limit = [1, 3, 10, 250][self.0.below(4) as usize];
        let (same_country, exclude_recipients) = (self.0.chance(0.7), self.0.chance(0.7));
        Definition { same_country, exclude_recipients, ..definition(&self.filter(), radius, sort, limit) }
    }

    fn lead(&mut self, network: &Network) -> Case {
        let at = self.0.chance(0.9).then(|| {
            if self.0.chance(0.3) {
                point(self.0.below(181) as f64 - 90.0, self.0.below(361) as f64 - 180.0)
            } else {
                point((self.0.below(7) as f64 - 3.0) * 0.5, 179.0 + self.0.below(6) as f64 * 0.2)
            }
        });
        let mut made = case(at);
        made.lead.root = LeadId(Uuid::from_u128(u128::from(self.0.below(1_000))));
        if self.0.chance(0.2) {
            made.request.address.country = CountryCode::CA;
        }
        let everybody = [CandidateKind::Dealer, CandidateKind::User].map(|kind| network.pool(kind).ids()).concat();
        let mut anybody = || -> Recipient { everybody[self.0.below(everybody.len() as u64) as usize] };
        made.chain = vec![anybody(), anybody()];
        made.lead.recipient = Some(anybody());
        made
    }
}

fn cases() -> u64 {
    std::env::var("BATON_GENERATED_CASES").map_or(CASES, |count| count.parse().unwrap())
}

// EXPR-5, IFACE-2, IFACE-3: the same candidates in the same order, and everybody else left out for the same reason.
#[test]
fn any_expression_means_to_the_engine_what_it_means_to_the_interpreter() {
    let worlds: Vec<(Arc<Network>, Loads)> = WORLDS
        .iter()
        .map(|(seed, count)| {
            let network = world(*seed, *count);
            let loads = random_loads(*seed, &network);
            (network, loads)
        })
        .collect();
    let mut asked_count = 0;
    for number in 0..cases() {
        let mut author = Author(Dice(number));
        // The large ones take long.
        let among = if author.0.chance(0.9) { 8 } else { WORLDS.len() as u64 };
        let (network, loads) = &worlds[author.0.below(among) as usize];
        let definition = author.definition();
        // A text that a choice field never is gets refused, as it should be; nothing else does.
        let plan = match Plan::compile(Arc::clone(network), CandidateKind::Dealer, &definition) {
            Ok(plan) => plan,
            Err(problems) => {
                let is_choice = |problem: &DefinitionProblem| problem.invalid.message.contains(" is never ");
                assert!(problems.iter().all(is_choice), "case {number}: {definition:#?}\n{problems:#?}");
                continue;
            }
        };
        asked_count += 1;
        for _ in 0..3 {
            let case = author.lead(network);
            let subject = Subject::new(network, &case.lead, &case.request, &case.chain);
            let question = Question { subject: &subject, loads, now: NOW };
            let (ranking, plain) = (plan.rank(question, Sorted::AsDefined), plain::rank(&plan, question));
            let asked = || format!("case {number}: {definition:#?}\nat {:?}", subject.point());
            assert_eq!(ranking.recipients(), plain.recipients, "{}", asked());
            assert_eq!((ranking.matched, &ranking.excluded()), (plain.matched, &plain.excluded), "{}", asked());
            if let Some(last) = ranking.candidates.last() {
                let why = plan.explain(question, last.recipient).unwrap();
                assert_eq!(why.rank, Some(ranking.candidates.len() as u64), "{}", asked());
            }
        }
    }
    println!("{asked_count} definitions, 3 leads each");
    assert!(asked_count > cases() / 2, "only {asked_count} of {} definitions were sound", cases());
}
