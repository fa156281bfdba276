//! The house rules, checked: who may import whom, who may name what, how long things are, and that the map is true. It
//! reads text only, and must never need more than the standard library and `regex`.
//!
//! A message says what to do. Whoever has a good reason adds an exception with that reason; one that is no longer needed
//! fails too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails loudly")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// Every room and the rooms that it may import, in the order in which to read them.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("places", &["domain"]),
    ("rules", &["domain"]),
    ("routing", &["domain", "places", "rules"]),
    ("store", &["domain", "rules", "clock"]),
    ("actions", &["domain", "places", "rules", "routing", "store", "clock"]),
    ("delivery", &["domain", "clock", "config"]),
    ("jobs", &["domain", "actions", "store", "delivery", "clock"]),
    ("live", &["domain", "store", "clock"]),
    // `routing` for the answers that it shows, `places` for miles.
    ("graphql", &["domain", "places", "rules", "routing", "auth", "actions", "store", "live"]),
    ("http", EVERYTHING_BUT_HTTP),
    ("demo", &["domain", "places", "rules", "routing", "store", "actions", "delivery", "jobs", "clock"]),
    ("auth", &["domain", "clock", "config"]),
    ("commands", EVERYTHING_BUT_COMMANDS),
    ("app", EVERYTHING_BUT_APP),
    ("clock", &["domain"]),
    ("config", &[]),
    ("telemetry", &["config"]),
];

const EVERYTHING_BUT_COMMANDS: &[&str] = &[
    "domain",
    "places",
    "rules",
    "routing",
    "store",
    "actions",
    "delivery",
    "jobs",
    "live",
    "graphql",
    "http",
    "demo",
    "auth",
    "app",
    "clock",
    "config",
    "telemetry",
];

const EVERYTHING_BUT_HTTP: &[&str] = &[
    "domain",
    "places",
    "rules",
    "routing",
    "store",
    "actions",
    "delivery",
    "jobs",
    "live",
    "graphql",
    "auth",
    "app",
    "clock",
    "config",
    "telemetry",
];

const EVERYTHING_BUT_APP: &[&str] = &[
    "demo",
    "domain",
    "places",
    "rules",
    "routing",
    "store",
    "actions",
    "delivery",
    "jobs",
    "live",
    "graphql",
    "auth",
    "clock",
    "config",
    "telemetry",
];

/// What only some may name: a pattern, the paths that may, and why.
const BY_NAME: &[(&str, &[&str], &str)] = &[
    (
        r"\b(sea_orm|sea_query|sqlx)\b",
        &["src/store/"],
        "only `store` speaks to the database, call one of its functions",
    ),
    (r"\b(lettre|reqwest|awc)\b", &["src/delivery/"], "only `delivery` talks to the outside, hand it a message"),
    (
        r"\basync_graphql\b",
        &["src/graphql/", "src/http/graphql"],
        "only `graphql` and its route know GraphQL, return a `domain` value",
    ),
    (
        r"\b(Utc::now|Local::now|SystemTime::now|rand::|rand_chacha|OsRng|getrandom|now_v7|new_v4)",
        &["src/clock.rs"],
        "time and randomness are arguments, take a `Clock`, an `Entropy` or the moment itself",
    ),
    (
        r"\.begin(_with\w*)?\(",
        // A demo is loaded whole or not at all, and no action inserts a past.
        &["src/store/", "src/actions/", "src/jobs/", "src/demo/load.rs"],
        "only `actions` and `jobs` begin a transaction, add an action",
    ),
];

/// Product lines of a file at most; aim under half of it.
const FILE_LINES_MAX: usize = 500;

/// Files that are longer, with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Lines of a function at most, signature and closing brace included.
const FUNCTION_LINES_MAX: usize = 70;

/// Functions that are longer, as `path::name`, with the reason.
const LONG_FUNCTIONS: &[(&str, &str)] = &[];

static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(^|\s)//.*$").unwrap());

struct Source {
    path: String,
    text: String,
}

impl Source {
    fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let room = inside.split('/').next()?.trim_end_matches(".rs");
        (room != "lib" && room != "main").then_some(room)
    }

    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Where the unit tests begin, counted in lines.
    fn product_length(&self) -> usize {
        let lines: Vec<_> = self.text.lines().collect();
        let tests = lines.windows(2).position(|two| two[0] == "#[cfg(test)]" && two[1].starts_with("mod "));
        tests.unwrap_or(lines.len())
    }

    /// The product lines without comments, numbered from one.
    fn code(&self) -> Vec<(usize, String)> {
        let length = if self.is_test() { 0 } else { self.product_length() };
        self.text
            .lines()
            .take(length)
            .enumerate()
            .map(|(index, line)| (index + 1, COMMENT.replace(line, "").into_owned()))
            .collect()
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(folder: &Path, skip: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if skip.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            files_under(&path, skip, found);
        } else {
            found.push(path);
        }
    }
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

/// Every Rust file of the folders, by path.
fn sources(folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        files_under(&root().join(folder), &["node_modules", "target"], &mut paths);
    }
    paths.sort();
    let rust = paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| Source { path: relative(&path), text: fs::read_to_string(&path).unwrap() }).collect()
}

/// Fails with every problem at once.
fn report(problems: Vec<String>) {
    let all = problems.iter().fold(String::new(), |mut all, problem| {
        writeln!(all, "  {problem}").unwrap();
        all
    });
    assert!(problems.is_empty(), "\n{all}");
}

/// The first names after `crate::`, those in braces included.
fn imported(code: &str) -> BTreeSet<String> {
    let single = Regex::new(r"\bcrate::(\w+)").unwrap();
    let mut names: BTreeSet<String> = single.captures_iter(code).map(|found| found[1].to_owned()).collect();
    let name = Regex::new(r"^\s*(\w+)").unwrap();
    for (start, _) in code.match_indices("crate::{") {
        let (mut depth, mut item) = (0, String::new());
        for letter in code[start + "crate::".len()..].chars() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            // An item of the outer braces ends at a comma on their level, or with them.
            if depth == 0 || (depth == 1 && matches!(letter, ',' | '{')) {
                names.extend(name.captures(&item).map(|found| found[1].to_owned()));
                item.clear();
            } else {
                item.push(letter);
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn braces_nested_in_an_import_are_understood() {
    let code =
        "use crate::{\n    clock::{Clock, Entropy},\n    domain::id::LeadId,\n    store,\n};\ncrate::rules::check();";
    assert_eq!(imported(code).into_iter().collect::<Vec<_>>(), ["clock", "domain", "rules", "store"]);
}

#[test]
fn a_room_imports_only_what_the_table_allows() {
    let mut problems = Vec::new();
    for source in sources(&["src"]) {
        let Some(room) = source.room() else { continue };
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            problems.push(format!("{}: `{room}` is a new room, give it a row in ROOMS of tests/tidy.rs", source.path));
            continue;
        };
        let code: String = source.code().into_iter().map(|(_, line)| line + "\n").collect();
        for name in imported(&code) {
            if name != room && !allowed.contains(&name.as_str()) {
                let allowed = allowed.join(", ");
                problems.push(format!(
                    "{}: `{room}` imports `{name}`, but may only import [{allowed}]; move the code to the room that \
                     may, or pass what is needed as an argument",
                    source.path
                ));
            }
        }
        if code.contains("super::super::") {
            problems.push(format!("{}: write `crate::…` instead of `super::super::…`", source.path));
        }
    }
    report(problems);
}

#[test]
fn no_two_rooms_import_each_other() {
    let below = |room: &str| ROOMS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, below)| *below);
    let mut problems = Vec::new();
    for (room, allowed) in ROOMS {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&str> = allowed.to_vec();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(below(next));
            }
        }
        if reached.contains(room) {
            problems.push(format!("ROOMS: `{room}` reaches itself through its imports, break the circle"));
        }
    }
    report(problems);
}

#[test]
fn a_library_is_named_only_where_it_belongs() {
    let mut problems = Vec::new();
    for (pattern, allowed, advice) in BY_NAME {
        let pattern = Regex::new(pattern).unwrap();
        for source in sources(&["src"]) {
            if source.path == "src/main.rs" || allowed.iter().any(|prefix| source.path.starts_with(prefix)) {
                continue;
            }
            for (number, line) in source.code() {
                if let Some(found) = pattern.find(&line) {
                    problems.push(format!("{}:{number}: `{}`: {advice}", source.path, found.as_str()));
                }
            }
        }
    }
    report(problems);
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    let opening = Regex::new(r"^//! \S.{15,}").unwrap();
    let problems = sources(&["src", "tests", "benches", "examples"])
        .iter()
        .filter(|source| !opening.is_match(&source.text))
        .map(|source| format!("{}: begin with `//!`: what the file is for, and what it must never do", source.path))
        .collect();
    report(problems);
}

#[test]
fn no_file_is_too_long_or_named_after_nothing() {
    let mut problems = Vec::new();
    for source in sources(&["src"]) {
        let length = if source.is_test() { 0 } else { source.product_length() };
        let excepted = LONG_FILES.iter().any(|(path, _)| *path == source.path);
        if length > FILE_LINES_MAX && !excepted {
            problems
                .push(format!("{}: {length} product lines, at most {FILE_LINES_MAX}; split it by noun", source.path));
        }
        if length <= FILE_LINES_MAX && excepted {
            problems.push(format!("LONG_FILES: {} is no longer long, take it out", source.path));
        }
        let name = source.path.rsplit('/').next().unwrap();
        if ["helper.rs", "helpers.rs", "util.rs", "utils.rs", "common.rs", "misc.rs"].contains(&name) {
            problems.push(format!("{}: name the file after what is in it", source.path));
        }
    }
    report(problems);
}

/// Name, first line and length of each function of rustfmt's layout: it ends at the brace below its own beginning.
fn functions(source: &Source) -> Vec<(String, usize, usize)> {
    let begins = Regex::new(r#"^(\s*)(?:pub(?:\([^)]*\))? )?(?:const |async |unsafe |extern "C" )*fn (\w+)"#).unwrap();
    let code = source.code();
    let mut found = Vec::new();
    for (index, (number, line)) in code.iter().enumerate() {
        let Some(parts) = begins.captures(line) else { continue };
        let indent = parts[1].len();
        let ends = |(_, line): &&(usize, String)| {
            let depth = line.len() - line.trim_start().len();
            let closes = line.trim_start().starts_with('}') || line.ends_with(';') || line.ends_with('}');
            depth == indent && !line.trim().is_empty() && closes
        };
        let last = code[index..].iter().find(ends).map_or(*number, |(last, _)| *last);
        found.push((parts[2].to_owned(), *number, last - number + 1));
    }
    found
}

#[test]
fn functions_are_measured_from_their_name_to_their_brace() {
    let text = "//! x\nfn one() {}\ntrait T {\n    fn two(\n        a: u8,\n    ) -> u8;\n}\nfn three(\n    a: u8,\n) {\n    if a {\n    }\n}\n";
    let found = functions(&Source { path: "src/x.rs".to_owned(), text: text.to_owned() });
    let expected = [("one", 2, 1), ("two", 4, 3), ("three", 8, 6)];
    assert_eq!(found, expected.map(|(name, line, length)| (name.to_owned(), line, length)));
}

#[test]
fn no_function_is_too_long() {
    let mut problems = Vec::new();
    let mut long = BTreeSet::new();
    for source in sources(&["src"]) {
        for (name, line, length) in functions(&source) {
            if length <= FUNCTION_LINES_MAX {
                continue;
            }
            let full = format!("{}::{name}", source.path);
            if !LONG_FUNCTIONS.iter().any(|(known, _)| *known == full) {
                problems.push(format!(
                    "{}:{line}: `{name}` has {length} lines, at most {FUNCTION_LINES_MAX}; branch here and move the \
                     branches out",
                    source.path
                ));
            }
            long.insert(full);
        }
    }
    let needless = LONG_FUNCTIONS.iter().filter(|(name, _)| !long.contains(*name));
    problems.extend(needless.map(|(name, _)| format!("LONG_FUNCTIONS: {name} is no longer long, take it out")));
    report(problems);
}

#[test]
fn an_exception_has_a_reason_and_they_stay_few() {
    let all: Vec<_> = LONG_FILES.iter().chain(LONG_FUNCTIONS).collect();
    let reasonless = all.iter().filter(|(_, reason)| reason.len() < 20);
    let mut problems: Vec<_> =
        reasonless.map(|(what, _)| format!("{what}: say in a sentence why it is better so")).collect();
    let gone = LONG_FILES.iter().filter(|(path, _)| !root().join(path).exists());
    problems.extend(gone.map(|(path, _)| format!("LONG_FILES: {path} does not exist, take it out")));
    if all.len() > 6 {
        problems.push(format!("{} exceptions are more than a few, split something", all.len()));
    }
    report(problems);
}

/// The files that `mod` lines reach from `path`, itself included.
fn reach(path: &Path, reached: &mut BTreeSet<String>) {
    if !reached.insert(relative(path)) {
        return;
    }
    let line = Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))? )?mod (\w+);").unwrap();
    let elsewhere = Regex::new(r#"(?m)^#\[path = "(.+\.rs)"\]"#).unwrap();
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let folder = path.parent().unwrap();
    let folder = if ["lib", "main", "mod"].contains(&name.as_str()) { folder.to_owned() } else { folder.join(name) };
    for found in line.captures_iter(&text) {
        let module = &found[1];
        let candidates = [folder.join(format!("{module}.rs")), folder.join(module).join("mod.rs")];
        if let Some(file) = candidates.iter().find(|file| file.is_file()) {
            reach(file, reached);
        }
    }
    for found in elsewhere.captures_iter(&text) {
        reach(&path.with_file_name(&found[1]).canonicalize().unwrap(), reached);
    }
}

#[test]
fn every_rust_file_is_reached_by_a_mod_line() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let paths = Regex::new(r#"(?m)^path = "(.+\.rs)""#).unwrap();
    let benches = Regex::new(r#"\[\[bench\]\]\s+name = "(\w+)""#).unwrap();
    let mut roots = vec!["src/lib.rs".to_owned()];
    roots.extend(paths.captures_iter(&manifest).map(|found| found[1].to_owned()));
    roots.extend(benches.captures_iter(&manifest).map(|found| format!("benches/{}.rs", &found[1])));
    let mut reached = BTreeSet::new();
    for path in roots {
        reach(&root().join(path), &mut reached);
    }
    let dead = sources(&["src", "tests", "benches"]).into_iter().filter(|source| !reached.contains(&source.path));
    report(dead.map(|source| format!("{}: no `mod` line leads here, add one or delete it", source.path)).collect());
}

#[test]
fn migrations_are_numbered_in_a_row_and_the_same_for_both_databases() {
    let names = |folder: &str| {
        let mut paths = Vec::new();
        files_under(&root().join("migrations").join(folder), &[], &mut paths);
        paths.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect::<BTreeSet<_>>()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    let mut problems: Vec<_> = sqlite
        .symmetric_difference(&postgres)
        .map(|name| format!("migrations: {name} stands in one folder only, write it for the other database too"))
        .collect();
    let form = Regex::new(r"^(\d{4})_[a-z0-9_]+\.sql$").unwrap();
    for (index, name) in sqlite.iter().enumerate() {
        let number = format!("{:04}", index + 1);
        if form.captures(name).is_none_or(|found| found[1] != number) {
            problems.push(format!("migrations: {name} should be named {number}_<what_it_does>.sql"));
        }
    }
    report(problems);
}

fn rooms_in_source() -> BTreeSet<String> {
    sources(&["src"]).iter().filter_map(|source| source.room().map(str::to_owned)).collect()
}

#[test]
fn the_library_opens_with_a_map_of_its_rooms() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let header: String = text.lines().filter(|line| line.starts_with("//!")).collect();
    let link = Regex::new(r"\[`(\w+)`\]").unwrap();
    let named: BTreeSet<_> = link.captures_iter(&header).map(|found| found[1].to_owned()).collect();
    let rooms = rooms_in_source();
    let missing = rooms.difference(&named).map(|room| format!("src/lib.rs: say in the map what [`{room}`] is for"));
    let gone = named.difference(&rooms).map(|room| format!("src/lib.rs: the map names `{room}`, which does not exist"));
    report(missing.chain(gone).collect());
}

#[test]
fn the_readme_has_a_map_of_the_rooms() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let map = text.split("\n## The map\n").nth(1).expect("README.md: add a section `## The map`");
    let map = map.split("\n## ").next().unwrap();
    let row = Regex::new(r"(?m)^\| `src/(\w+)(?:/|\.rs)` \|").unwrap();
    let named: BTreeSet<_> = row.captures_iter(map).map(|found| found[1].to_owned()).collect();
    let rooms: BTreeSet<_> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    let missing = rooms.difference(&named).map(|room| format!("README.md: give `{room}` a row in the map"));
    let gone = named.difference(&rooms).map(|room| format!("README.md: the map names `{room}`, which is no room"));
    report(missing.chain(gone).collect());
}

#[test]
fn no_test_waits_for_time_to_pass() {
    let pattern = ["sle", "ep("].concat();
    let mut problems = Vec::new();
    for source in sources(&["src", "tests"]) {
        let skip = if source.is_test() { 0 } else { source.product_length() };
        for (index, _) in source.text.lines().enumerate().skip(skip).filter(|(_, line)| line.contains(&pattern)) {
            problems.push(format!(
                "{}:{}: set the clock or wait for the event itself; a test that waits is slow and still fails at times",
                source.path,
                index + 1
            ));
        }
    }
    report(problems);
}

#[test]
fn nothing_is_left_unfinished() {
    let pattern = Regex::new(r"\b(TODO|FIXME|XXX)\b|\b(todo|unimplemented|dbg)!|#\[ignore").unwrap();
    let mut problems = Vec::new();
    for source in
        sources(&["src", "tests", "benches", "examples"]).iter().filter(|source| source.path != "tests/tidy.rs")
    {
        for (index, line) in source.text.lines().enumerate().filter(|(_, line)| pattern.is_match(line)) {
            problems.push(format!(
                "{}:{}: finish it, or write the gap down in the README: {}",
                source.path,
                index + 1,
                line.trim()
            ));
        }
    }
    report(problems);
}

#[test]
fn no_path_of_somebodys_machine_is_in_the_repository() {
    let pattern = Regex::new(r"/(tmp|work|root|home|farm|Users)/[A-Za-z]").unwrap();
    let skip = ["target", "node_modules", ".git", "dist", "var", "Cargo.lock", "package-lock.json"];
    let mut paths = Vec::new();
    files_under(&root(), &skip, &mut paths);
    let mut problems = Vec::new();
    // What is not text has no lines to look at.
    for (path, text) in paths.iter().filter_map(|path| Some((path, fs::read_to_string(path).ok()?))) {
        for (index, line) in text.lines().enumerate() {
            if let Some(found) = pattern.find(line) {
                let place = format!("{}:{}", relative(path), index + 1);
                problems.push(format!("{place}: `{}…`: name it relative to the repository", found.as_str()));
            }
        }
    }
    report(problems);
}
