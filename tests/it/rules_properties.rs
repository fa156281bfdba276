//! What holds of every expression, shown on generated ones: no text crashes, printing and reading are inverses, logic is
//! Kleene's, and the limits hold at their edges on a small stack.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::thread;
use std::time::{Duration, Instant};

use baton::domain::Timestamp;
use baton::domain::field::{CustomValue, Subject};
use baton::rules::limits::{DEPTH_MAX, LIST_ITEMS_MAX, NODES_MAX, TEXT_BYTES_MAX};
use baton::rules::{Catalog, Checked, Context, Diagnostic, Expect, Item, Truth, Type, check};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::support::words::{Row, catalog};

/// A worker's stack, and the smallest that the server is run with.
const STACK_BYTES: usize = 2 * 1024 * 1024;
/// How long a text may keep a request waiting, with room for a slow machine and an unoptimised build.
const HANG: Duration = Duration::from_secs(5);

fn on_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap()
}

fn condition(text: &str, catalog: &Catalog) -> Result<Checked, Vec<Diagnostic>> {
    check(text, catalog, Context::CandidateDealer, Expect::Condition)
}

/// Text that looks like an expression more often than noise does.
fn soup() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        3 => proptest::sample::select(vec![
            "dealer.rating", "dealer.city", "dealer.brands", "lead", "now", "x", "true", "null", "1", "4.5", "'a'", "\"é\"",
            "&&", "||", "!", "-", "+", "*", "/", "%", "==", "!=", "<", ">=", "in", "?", ":", ".", ",", "(", ")", "[", "]",
            "{", "}", "has(", ".exists(", ".all(", ".map(", "size(", "timestamp('2026-01-01T00:00:00Z')", "for", "'\\", "//",
            "\n", "0x", "1e9", "5u", "b'x'", "r'\\'", "'''", "`a`", ".?", "[?", "_", "\u{0}", "\u{202e}", "😀",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec((word, proptest::bool::ANY), 0..60).prop_map(|words| {
        let spaced = |(word, space): (String, bool)| if space { word + " " } else { word };
        words.into_iter().map(spaced).collect()
    })
}

/// One seed, so that a run repeats itself; `PROPTEST_CASES` makes it longer and `PROPTEST_RNG_SEED` another one.
fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let rng_seed = if asked.rng_seed == RngSeed::Random { RngSeed::Fixed(20_261_121) } else { asked.rng_seed };
    ProptestConfig { rng_seed, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(config())]

    // EXPR-6
    #[test]
    fn no_text_crashes_or_hangs_the_checker(text in prop_oneof![soup(), any::<String>()]) {
        let started = Instant::now();
        let result = on_small_stack(move || {
            let catalog = catalog();
            (condition(&text, &catalog), check(&text, &catalog, Context::LeadCondition, Expect::SortKey))
        });
        prop_assert!(started.elapsed() < HANG);
        for problem in [result.0.err(), result.1.err()].into_iter().flatten().flatten() {
            prop_assert!(problem.line >= 1 && problem.column >= 1 && !problem.message.is_empty());
            prop_assert!(!problem.message.contains("expecting"), "the parser's wording leaked: {}", problem.message);
        }
    }

    // EXPR-6
    #[test]
    fn no_bytes_crash_the_checker(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        on_small_stack(move || condition(&text, &catalog()).is_ok());
    }

    // EXPR-7: print∘parse is the identity, and what the checker accepts evaluates.
    #[test]
    fn a_well_typed_text_prints_as_one_that_checks_to_the_same_tree((text, values) in (booleans(), row_values())) {
        let catalog = catalog();
        let checked = condition(&text, &catalog).map_err(|problems| {
            TestCaseError::fail(format!("{text}\n{problems:?}"))
        })?;
        let again = condition(checked.text(), &catalog).map_err(|problems| {
            TestCaseError::fail(format!("{text}\n{}\n{problems:?}", checked.text()))
        })?;
        prop_assert_eq!(&again, &checked);
        prop_assert_eq!(again.text(), checked.text());

        let row = row(&catalog, &values);
        let whole = checked.truth(&row);
        prop_assert_eq!(again.truth(&row), whole);
        let terms = checked.explain(&catalog, &row);
        let alone = terms.iter().filter(|term| term.parent.is_none()).filter_map(|term| term.truth);
        prop_assert_eq!(all(alone), whole, "the terms explain the whole");
        let negated = condition(&format!("!({text})"), &catalog).unwrap();
        prop_assert_eq!(negated.truth(&row), whole.negated());
        let excluded = condition(&format!("({text}) || !({text})"), &catalog);
        // Doubled, a text may be past the limit of terms.
        if let Ok(excluded) = excluded {
            prop_assert_ne!(excluded.truth(&row), Truth::False);
        }
    }
}

fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    truths.fold(Truth::True, |left, right| match (left, right) {
        (Truth::False, _) | (_, Truth::False) => Truth::False,
        (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        _ => Truth::True,
    })
}

fn pick(texts: &'static [&'static str]) -> BoxedStrategy<String> {
    proptest::sample::select(texts).prop_map(str::to_owned).boxed()
}

/// Well-typed conditions of moderate size, with needless parentheses and missing ones.
fn booleans() -> BoxedStrategy<String> {
    let leaf = pick(&["true", "false", "dealer.active", "dealer.custom.ev", "has(dealer.rating)", "null == 1"]);
    let compare = pick(&["==", "!=", "<", "<=", ">", ">="]);
    let compared = prop_oneof![
        (numbers(), compare.clone(), numbers()).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        (decimals(), compare.clone(), numbers()).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        (texts(), compare.clone(), texts()).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        (moments(), compare, moments()).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        (texts(), pick(&["startsWith", "endsWith", "contains"]), texts())
            .prop_map(|(l, function, r)| format!("({l}).{function}({r})")),
        (texts(), proptest::collection::vec(texts(), 0..12))
            .prop_map(|(item, list)| format!("{item} in [{}]", list.join(","))),
        (numbers(), proptest::collection::vec(decimals(), 1..4))
            .prop_map(|(item, list)| format!("{item} in [{}]", list.join(", "))),
        texts().prop_map(|text| format!("({text}).matches('^[a-mé]+.?$')")),
        (pick(&["all", "exists"]), texts())
            .prop_map(|(q, text)| format!("dealer.brands.{q}(b, b < {text} || b == dealer.city)")),
    ];
    prop_oneof![1 => leaf, 4 => compared]
        .prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 2..4).prop_map(|terms| format!("({})", terms.join(" && "))),
                proptest::collection::vec(inner.clone(), 2..4).prop_map(|terms| format!("({})", terms.join(" || "))),
                inner.clone().prop_map(|term| format!("!({term})")),
                (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) == ({r})")),
                (inner.clone(), inner.clone(), inner.clone()).prop_map(|(c, t, e)| format!("(({c}) ? ({t}) : {e})")),
                (pick(&["all", "exists"]), inner).prop_map(|(q, body)| {
                    // An inner item can't have an outer one's name; an outer term is always longer.
                    let name = format!("n{}", body.len());
                    format!("[1, 2].{q}({name}, {name} > 1 || {body})")
                }),
            ]
        })
        .boxed()
}

fn numbers() -> BoxedStrategy<String> {
    let literal =
        prop_oneof![any::<i64>(), -3..4_i64, Just(i64::MIN), Just(i64::MAX)].prop_map(|number| number.to_string());
    let leaf =
        prop_oneof![2 => literal, 3 => pick(&["dealer.custom.bays", "dealer.open_leads", "size(dealer.brands)"])];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let op = pick(&["+", "-", "*", "/", "%"]);
        prop_oneof![
            3 => (inner.clone(), op, inner.clone()).prop_map(|(l, op, r)| format!("({l} {op} {r})")),
            1 => inner.prop_map(|number| format!("-({number})")),
        ]
    })
    .boxed()
}

fn decimals() -> BoxedStrategy<String> {
    let finite = any::<f64>().prop_filter("finite", |number| number.is_finite());
    let literal = prop_oneof![finite, -2.0..2.0].prop_map(|number| format!("{number:?}"));
    let leaf =
        prop_oneof![2 => literal, 3 => pick(&["dealer.rating", "dealer.distance_km", "double(dealer.open_leads)"])];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let op = pick(&["+", "-", "*", "/"]);
        (inner.clone(), op, inner).prop_map(|(l, op, r)| format!("({l} {op} {r})"))
    })
    .boxed()
}

fn texts() -> BoxedStrategy<String> {
    let literal = ".{0,6}".prop_filter("no NUL", |text| !text.contains('\0')).prop_map(|text| {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
        format!("\"{escaped}\"")
    });
    let leaf =
        prop_oneof![2 => literal, 3 => pick(&["dealer.city", "dealer.name", "dealer.custom.note", "'a'", "'é'"])];
    leaf.prop_recursive(1, 3, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l} + {r})")),
            inner.prop_map(|text| format!("({text}).lowerAscii()")),
        ]
    })
    .boxed()
}

fn moments() -> BoxedStrategy<String> {
    let seconds = (-62_135_596_800_i64..253_402_300_800).prop_map(|seconds| format!("timestamp({seconds})"));
    let leaf =
        prop_oneof![1 => seconds, 3 => pick(&["now", "lead.received_at", "dealer.custom.opened", "dealer.created_at"])];
    (leaf, pick(&["", " + duration('1h30m')", " - duration('0.000001s')", " + (now - lead.created_at)"]))
        .prop_map(|(moment, shift)| format!("({moment}{shift})"))
        .boxed()
}

/// Numbers from which each field of a row draws its value, or none.
fn row_values() -> impl Strategy<Value = Vec<Option<i64>>> {
    let value = prop_oneof![-4..5_i64, any::<i64>()];
    proptest::collection::vec(proptest::option::weighted(0.8, value), 12)
}

fn row(catalog: &Catalog, values: &[Option<i64>]) -> Row {
    const TEXTS: [&str; 6] = ["", "a", "Z", "é", "😀", "A 'quoted' \\ text"];
    let text = |seed: i64| TEXTS[seed.rem_euclid(6) as usize].to_owned();
    let value = |index: usize, ty: Type| {
        let seed = values[index % values.len()]?;
        Some(match ty {
            Type::Bool => CustomValue::Boolean(seed > 0),
            Type::Int => CustomValue::Integer(seed),
            Type::Double if seed == i64::MIN => CustomValue::Decimal(f64::NAN),
            Type::Double => CustomValue::Decimal(seed as f64 / 4.0),
            Type::Text => CustomValue::Text(text(seed)),
            Type::Timestamp => CustomValue::DateTime(Timestamp::from_micros(seed % 253_402_300_799_999_999)),
            Type::List(Item::Text) => CustomValue::MultiChoice((0..seed.rem_euclid(4)).map(text).collect()),
            other => panic!("no field is {other}"),
        })
    };
    let fields = catalog.fields().iter().enumerate();
    Row(fields.map(|(index, field)| value(index, field.ty)).collect())
}

// EXPR-4
#[test]
fn logic_is_kleenes_whichever_side_is_missing() {
    let catalog = catalog();
    // The rating is missing in an empty row, so comparing it is unknown.
    let row = Row(Vec::new());
    let terms = [("true", Truth::True), ("false", Truth::False), ("dealer.rating > 1.0", Truth::Unknown)];
    for (left, left_truth) in terms {
        for (right, right_truth) in terms {
            let truth = |op: &str| condition(&format!("({left}) {op} ({right})"), &catalog).unwrap().truth(&row);
            let and = all([left_truth, right_truth].into_iter());
            let or = all([left_truth.negated(), right_truth.negated()].into_iter()).negated();
            assert_eq!((truth("&&"), truth("||")), (and, or), "{left}, {right}");
        }
        let not = condition(&format!("!({left})"), &catalog).unwrap();
        assert_eq!(not.truth(&row), left_truth.negated());
    }
}

// EXPR-6
#[test]
fn each_limit_holds_at_its_edge_and_is_named_past_it_on_a_small_stack() {
    let past = on_small_stack(|| {
        let catalog = catalog();
        let parens = |depth: usize| format!("{}dealer.active{}", "(".repeat(depth), ")".repeat(depth));
        let nots = |depth: usize| format!("{}dealer.active{}", "!(".repeat(depth), ")".repeat(depth));
        let sum = |terms: usize| format!("{} > 0", vec!["1"; terms].join(" + "));
        let list = |items: usize| format!("dealer.open_leads in [{}]", vec!["-1"; items].join(","));
        let wide = |terms: usize| vec!["dealer.active"; terms].join(" && ");
        let long = |bytes: usize| format!("true{}", " ".repeat(bytes - 4));
        // 140 items of 140 each are 19,740 trials, 141 are 20,022.
        let within = |items: usize| {
            let list = vec!["1"; items].join(",");
            format!("[{list}].exists(a, [{list}].exists(b, a == b))")
        };
        // A stored text of 128 bytes, doubled nine times, is 64 KiB.
        let doubled = |times: usize| {
            let outer = |level: usize| if level == 0 { "dealer.city".to_owned() } else { format!("t{level}") };
            (0..times).rev().fold(format!("{} == ''", outer(times)), |body, level| {
                format!("[{0} + {0}].exists(t{1}, {body})", outer(level), level + 1)
            })
        };
        for edge in [
            parens(DEPTH_MAX - 1),
            nots(DEPTH_MAX / 2 - 1),
            sum(DEPTH_MAX - 2),
            list(LIST_ITEMS_MAX),
            wide(NODES_MAX - 1),
            long(TEXT_BYTES_MAX),
            within(140),
            doubled(9),
        ] {
            let shown: String = edge.chars().take(40).collect();
            let checked = condition(&edge, &catalog).unwrap_or_else(|problems| panic!("{shown}: {problems:?}"));
            assert_eq!(condition(checked.text(), &catalog).as_ref(), Ok(&checked), "{shown}");
            checked.truth(&Row(Vec::new()));
        }
        let past = [
            (parens(DEPTH_MAX + 1), "nested deeper"),
            (nots(DEPTH_MAX), "nested deeper"),
            (sum(DEPTH_MAX + 1), "nested deeper"),
            (list(LIST_ITEMS_MAX + 1), "at most 1000"),
            (list(LIST_ITEMS_MAX + 2), "at most 1000"),
            ("-1,".repeat(5_000), "at most 4500"),
            ("dealer.city.matches('a') || ".repeat(17) + "true", "at most 16"),
            (wide(NODES_MAX + 1), "more than 512 terms"),
            (long(TEXT_BYTES_MAX + 1), "16385 bytes"),
            (within(141), "20022 trials"),
            (doubled(10), "longer than 65536 bytes"),
            (format!("dealer{}", ".a".repeat(2_000)), "nested deeper"),
            (format!("dealer{}", "[0]".repeat(1_400)), "nested deeper"),
            ("(".repeat(16_000), "never closed"),
            (")".repeat(16_000), "closes nothing"),
            ("§".repeat(8_000), "has no place"),
            ("[".repeat(2_000) + &"]".repeat(2_000), "nested deeper"),
            ("!".repeat(4_000) + "true", "nested deeper"),
            ("true?".repeat(2_000), "nested deeper"),
            ("-".repeat(4_000), "nested deeper"),
            ("a,".repeat(1_000), "does not fit"),
            ("x ".repeat(4_000), "missing"),
            ("nope == 1 && ".repeat(1_000) + "true", "no field"),
        ];
        past.map(|(text, reason)| {
            let started = Instant::now();
            let problems = condition(&text, &catalog).unwrap_err();
            (reason, problems.iter().any(|problem| problem.message.contains(reason)), problems, started.elapsed())
        })
    });
    for (reason, named, problems, took) in past {
        assert!(named, "{reason}: {:?}", problems.first());
        assert!(problems.len() <= 50 && took < HANG, "{reason} took {took:?}");
    }
}

// EXPR-2, EXPR-8
#[test]
fn an_expression_knows_its_fields_and_its_terms_know_what_they_hang_on() {
    let catalog = catalog();
    let text = "dealer.rating >= 4.0 && dealer.custom.ev && dealer.distance_km < 50.0 && lead.brand in dealer.brands && \
                now.getHours() > 8 && dealer.rating < 5.0";
    let checked = condition(text, &catalog).unwrap();
    let paths: Vec<&str> = checked.fields().iter().map(|field| field.path.as_str()).collect();
    let expected = ["dealer.rating", "dealer.custom.ev", "dealer.distance_km", "lead.brand", "dealer.brands", "now"];
    assert_eq!(paths, expected);
    assert!(checked.reads_custom(Subject::Dealer, "ev"));
    assert!(!checked.reads_custom(Subject::Lead, "ev"));
    let hang: Vec<(bool, bool, bool, bool)> = checked
        .terms()
        .iter()
        .map(|term| (term.is_static(), term.mentions_computed(), term.mentions_lead(), term.mentions_now()))
        .collect();
    let fixed = (true, false, false, false);
    let (computed, lead, now) = ((false, true, false, false), (false, false, true, false), (false, false, false, true));
    assert_eq!(hang, [fixed, fixed, computed, lead, now, fixed]);
    let span = checked.terms()[2].span;
    assert_eq!(&text[span.start..span.end], "dealer.distance_km < 50.0");
}
