//! EXPR-6: how long a check takes for ordinary texts, and for the worst that the limits let through. Prints medians; it sets no target.
//!
//! Each text that the parser alone would be slow at stands beside the parser alone on the same text.

#![allow(clippy::unwrap_used, reason = "a bench fails loudly")]

use std::time::{Duration, Instant};

use baton::rules::{Catalog, CatalogParts, Context, Expect, check};
use cel::parser::Parser;

/// What the server runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TIMES: usize = 21;

fn main() {
    let catalog = Catalog::new(CatalogParts::default());
    println!("{:<40} {:>7} {:>9} {:>12} {:>9}", "text", "bytes", "check ms", "parser alone", "problems");
    for (name, text) in texts() {
        let problems = check(&text, &catalog, Context::CandidateDealer, Expect::Condition).err();
        let took = median(|| drop(check(&text, &catalog, Context::CandidateDealer, Expect::Condition)));
        let alone = median(|| drop(Parser::default().parse_with_source_info(&text)));
        let problems = problems.map_or(0, |problems| problems.len());
        println!("{name:<40} {:>7} {:>9.2} {:>12.2} {problems:>9}", text.len(), millis(took), millis(alone));
    }
}

fn texts() -> Vec<(&'static str, String)> {
    let many = |term: &str, count: usize, between: &str| vec![term; count].join(between);
    let listed = |item: &str| format!("dealer.open_leads in [{}]", many(item, 1_000, ","));
    vec![
        ("a filter", "dealer.rating >= 4.0 && dealer.distance_km < 80.0 && lead.brand in dealer.brands".to_owned()),
        ("a literal of accents", format!("dealer.name == '{}'", "é".repeat(8_000))),
        ("a comment of accents", format!("dealer.active //{}", "é".repeat(8_000))),
        ("short literals of accents", format!("dealer.name in [{}]", many("'éü'", 1_000, ","))),
        ("a list of numbers", listed("1")),
        ("a list of signed numbers", listed("-1")),
        ("a list of numbers too large", listed("-99999999999999")),
        ("a list of numbers with two signs", listed("--1")),
        ("a list of spans of time", format!("now - now in [{}]", many("duration('1s')", 1_000, ","))),
        ("conditions with signed numbers", many("dealer.open_leads > -1", 127, " && ")),
        ("calls with signed numbers", many("size(-1)", 255, " || ")),
        ("calls of two", many("f(a,a)", 640, "||")),
        ("calls of calls", many(&format!("{}a{}", "f(".repeat(60), ")".repeat(60)), 24, "||")),
        ("brackets in brackets", many(&format!("{}a{}", "(".repeat(62), ")".repeat(62)), 35, "&&")),
        ("indexes with signs", many("a[-1]", 640, "||")),
        ("quantifiers", many("a.exists(x,x)", 500, "||")),
        ("unknown names", many("delaer.ratnig", 500, "||")),
        ("paths", many("lead.dealer.custom.ev", 511, "&&")),
        ("choices", many("(a?b:-1)", 400, "||")),
        ("maps", many("{-1:-1}", 450, "||")),
        ("operators without operands", many("1 +", 2_200, " ")),
    ]
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(TIMES / 2).copied().unwrap_or_default()
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
