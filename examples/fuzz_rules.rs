//! Throws damaged expressions at the parser, the checker and the interpreter, for as long as it is told: no crash, no hang, and what is
//! accepted prints as a text that means the same (SPEC EXPR-6, EXPR-7).
//!
//! `cargo run --release --example fuzz_rules -- <seconds> [seed]`, or `-- <file>…` to try the texts in files again.
//!
//! It begins with every text under `tests/rules`, and keeps what made the checker say something new. Each input lies in the file
//! `fuzz-input` of the temporary folder while it is tried, so that one that kills the process is not lost. A text that is found here
//! becomes a case under `tests/rules`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "it fails loudly")]

#[path = "../tests/it/support/words.rs"]
mod words;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use baton::rules::limits::TEXT_BYTES_MAX;
use baton::rules::{Catalog, Context, Diagnostic, Expect, check};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use words::{Row, catalog, folder, rows};

/// A worker's stack.
const STACK_BYTES: usize = 2 * 1024 * 1024;
/// How long a text may keep a request waiting.
const HANG: Duration = Duration::from_millis(50);
const SIGNS: &[u8] = b"<>=!&|+-*/%?:.,()[]'\"\\ xyn";
/// Accepted texts that are kept to begin with: enough that they differ, few enough that the first ones come again.
const SOUND_MAX: usize = 20_000;
const CONTEXTS: [Context; 4] =
    [Context::CandidateDealer, Context::CandidateUser, Context::LeadCondition, Context::DealerCondition];
/// What makes an expression, and what makes one hard to read.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "dealer.", "lead.", "user.", "now", "true", "false", "null", "&&", "||", "!", "-", "?", ":", "(", ")", "[", "]", "{", "}",
    ".exists(x, ", ".all(y, ", "has(", "in", "==", "!=", "<=", "'", "\"", "\\", "r'", "b'", "'''", "\\u00e9", "\\x41",
    "\\777", "1e308", "9223372036854775807", "-9223372036854775808", "0x7fffffffffffffff", "0u", "1.", ".5", "1e-400", "//",
    "\n", "\r", "\u{0}", "\u{feff}", "\u{202e}", "😀", "`", ".?", "[?", "..", "%", "/", "*", "size(", ".matches('(a|a)*$')",
    ".matches('", ".lowerAscii()", "timestamp('2026-03-08T02:30:00Z')", "duration('1h')", ".getHours('America/New_York')",
    "lead.dealer.custom.ev", "dealer.category.tier", "string(", "int(", "double(", "@in", "_&&_", "__result__", "x", "y",
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |place: usize| arguments.get(place).and_then(|text| text.parse::<u64>().ok());
    let (seconds, seed) = (number(0), number(1).unwrap_or(20_261_122));
    if arguments.is_empty() {
        eprintln!("usage: fuzz_rules <seconds> [seed], or fuzz_rules <file>…");
        process::exit(2);
    }
    let fuzzing = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || match seconds {
        Some(seconds) => fuzz(Duration::from_secs(seconds), seed),
        None => again(&arguments),
    });
    let failures = fuzzing.unwrap().join().unwrap();
    process::exit(i32::from(failures > 0));
}

fn fuzz(lasting: Duration, seed: u64) -> u64 {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (catalog, input) = (catalog(), env::temp_dir().join("fuzz-input"));
    let rows: Vec<Row> = rows(&catalog).into_iter().map(|(_, row)| row).collect();
    let mut pool = texts_below(&folder());
    let mut sound = texts_below(&folder().join("passing"));
    let mut seen = HashSet::new();
    let (mut tried, mut accepted, mut failures) = (0_u64, 0_u64, 0_u64);
    let mut slowest = (Duration::ZERO, Vec::new());
    let began = Instant::now();
    while began.elapsed() < lasting {
        // Most that is accepted is one step away from what is accepted.
        let bytes =
            if random.random_bool(0.6) { damaged(&sound, 3, &mut random) } else { damaged(&pool, 8, &mut random) };
        fs::write(&input, &bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let context = CONTEXTS[random.random_range(0..CONTEXTS.len())];
        let expect = if random.random_bool(0.8) { Expect::Condition } else { Expect::SortKey };
        let (outcome, took) = timed(&text, &catalog, context, expect, &rows);
        tried += 1;
        let Ok(said) = outcome else {
            failures += 1;
            eprintln!("failed: {context:?} {expect:?} {text:?}");
            continue;
        };
        if said.is_empty() {
            accepted += 1;
            if sound.len() < SOUND_MAX {
                sound.push(bytes.clone());
            }
        }
        if took > HANG {
            failures += 1;
            eprintln!("{took:?}: {context:?} {text:?}");
        }
        if took > slowest.0 {
            slowest = (took, bytes.clone());
        }
        if seen.insert(said) && bytes.len() <= TEXT_BYTES_MAX {
            pool.push(bytes);
        }
    }
    println!(
        "{tried} texts in {:.0} s with seed {seed}: {accepted} accepted, {} kinds of answers, {failures} failures; the slowest took \
         {:?} with {} bytes",
        began.elapsed().as_secs_f64(),
        seen.len(),
        slowest.0,
        slowest.1.len()
    );
    failures
}

/// Tries the texts in files, in every context.
fn again(files: &[String]) -> u64 {
    let catalog = catalog();
    let rows: Vec<Row> = rows(&catalog).into_iter().map(|(_, row)| row).collect();
    let mut failures = 0;
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        for context in CONTEXTS {
            let (outcome, took) = timed(&text, &catalog, context, Expect::Condition, &rows);
            println!("{file}: {context:?}: {took:?}{}", if outcome.is_ok() { "" } else { ", failed" });
            failures += u64::from(outcome.is_err() || took > HANG);
        }
    }
    failures
}

/// The outcome, and the quickest of three times if the first is too long: the machine may have been busy.
fn timed(
    text: &str,
    catalog: &Catalog,
    context: Context,
    expect: Expect,
    rows: &[Row],
) -> (thread::Result<String>, Duration) {
    let mut least = Duration::MAX;
    let mut outcome = Ok(String::new());
    for _ in 0..3 {
        let started = Instant::now();
        outcome = catch_unwind(AssertUnwindSafe(|| try_out(text, catalog, context, expect, rows)));
        least = least.min(started.elapsed());
        if least <= HANG {
            break;
        }
    }
    (outcome, least)
}

/// What the checker said, without the names in it; empty for a text that it accepted. Panics if what was accepted does not hold.
fn try_out(text: &str, catalog: &Catalog, context: Context, expect: Expect, rows: &[Row]) -> String {
    let checked = match check(text, catalog, context, expect) {
        Ok(checked) => checked,
        Err(problems) => return kind_of(&problems),
    };
    let again = check(checked.text(), catalog, context, expect).unwrap_or_else(|problems| {
        panic!("{} was printed, but is refused: {problems:?}", checked.text());
    });
    assert!(again == checked && again.text() == checked.text(), "{} means something else", checked.text());
    for row in rows {
        assert_eq!(checked.truth(row), again.truth(row));
        let shown: usize = checked.explain(catalog, row).iter().map(|term| term.text.len()).sum();
        assert!(shown > 0);
        assert_eq!(checked.sort_key(row), again.sort_key(row));
    }
    String::new()
}

fn kind_of(problems: &[Diagnostic]) -> String {
    for problem in problems {
        assert!(problem.line >= 1 && problem.column >= 1 && !problem.message.is_empty());
    }
    let quoted = |message: &str| message.split('`').step_by(2).collect::<Vec<_>>().join("`");
    problems.iter().map(|problem| quoted(&problem.message)).take(3).collect::<Vec<_>>().join("; ")
}

fn texts_below(folder: &Path) -> Vec<Vec<u8>> {
    let mut folders = vec![folder.to_owned()];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "cel") {
                texts.push(fs::read(path).unwrap());
            }
        }
    }
    texts
}

fn damaged(pool: &[Vec<u8>], most: usize, random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = pool[random.random_range(0..pool.len())].clone();
    for _ in 0..random.random_range(1..=most) {
        let at = random.random_range(0..=bytes.len());
        let until = random.random_range(at..=bytes.len().min(at + 40));
        match random.random_range(0..10) {
            // A digit or a sign for another keeps most texts whole.
            8 | 9 if bytes.get(at).is_some_and(u8::is_ascii_digit) => bytes[at] = random.random_range(b'0'..=b'9'),
            8 if at < bytes.len() => bytes[at] = SIGNS[random.random_range(0..SIGNS.len())],
            0 => drop(bytes.drain(at..until)),
            1 | 2 => insert(&mut bytes, at, WORDS[random.random_range(0..WORDS.len())].as_bytes()),
            3 => {
                let part = bytes[at..until].repeat(random.random_range(1..60));
                insert(&mut bytes, at, &part);
            }
            4 | 5 => {
                let other = &pool[random.random_range(0..pool.len())];
                let from = random.random_range(0..=other.len());
                let part = &other[from..random.random_range(from..=other.len())];
                insert(&mut bytes, at, part);
            }
            6 if at < bytes.len() => bytes[at] = random.random(),
            _ => insert(&mut bytes, at, random.random::<char>().to_string().as_bytes()),
        }
    }
    bytes.truncate(TEXT_BYTES_MAX + 10);
    bytes
}

fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    drop(bytes.splice(at..at, part.iter().copied()));
}
