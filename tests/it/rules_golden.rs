//! Golden cases of the expression language: one folder each under `tests/rules`, a text beside its meaning or its errors.
//!
//! A rule that only reads what is stored of one kind of rows has its SQL beside it, for both databases, or why there is none.
//! A text's first lines may say where it stands: `// context: lead`, `// context: user`, `// sort`; a filter over dealers
//! otherwise. `BATON_BLESS=1` writes what was found, to be read before it is committed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use baton::rules::{Catalog, Checked, Context, Diagnostic, Expect, check};
use baton::store::rule::{self, Rows};

use crate::support::app::START;
use crate::support::words::{catalog, folder, rows};

/// Every case folder of a kind, by name.
fn cases(kind: &str) -> Vec<PathBuf> {
    let below = |path: PathBuf| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = below(folder().join(kind)).flat_map(below).collect();
    cases.sort();
    cases
}

fn checked(case: &Path, catalog: &Catalog) -> (Result<Checked, Vec<Diagnostic>>, Context, Expect) {
    let text = fs::read_to_string(case.join("rule.cel")).unwrap();
    let says = |comment: &str| text.lines().take_while(|line| line.starts_with("//")).any(|line| line == comment);
    let context = match () {
        () if says("// context: lead") => Context::LeadCondition,
        () if says("// context: user") => Context::CandidateUser,
        () => Context::CandidateDealer,
    };
    let expect = if says("// sort") { Expect::SortKey } else { Expect::Condition };
    (check(&text, catalog, context, expect), context, expect)
}

/// Compares with the case's file, or writes it when blessing; answers with what differs.
fn compare(case: &Path, file: &str, found: &str) -> Option<String> {
    let path = case.join(file);
    if env::var_os("BATON_BLESS").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    (expected != found).then(|| format!("{}\n--- expected\n{expected}--- found\n{found}", case.display()))
}

// EXPR-1, EXPR-3, EXPR-4, EXPR-5, IFACE-2, IFACE-6
#[test]
fn every_passing_case_has_its_canonical_text_and_its_value_for_each_row() {
    let catalog = catalog();
    let rows = rows(&catalog);
    let mut wrong = Vec::new();
    for case in cases("passing") {
        let (result, context, expect) = checked(&case, &catalog);
        let checked = match result {
            Ok(checked) => checked,
            Err(problems) => {
                wrong.push(format!("{}: {problems:?}", case.display()));
                continue;
            }
        };
        let mut found = format!("{}\n\n", checked.text());
        for (name, row) in &rows {
            match expect {
                Expect::Condition => writeln!(found, "{name}: {:?}", checked.truth(row)).unwrap(),
                Expect::SortKey => writeln!(found, "{name}: {}", checked.sort_key(row).shown()).unwrap(),
            }
            if expect == Expect::Condition {
                for term in checked.explain(&catalog, row).iter().filter(|term| term.parent.is_none()) {
                    let read: Vec<String> =
                        term.read.iter().map(|read| format!("{} = {}", read.path, read.shown)).collect();
                    let truth = term.truth.unwrap();
                    writeln!(found, "  {truth:?}: {}  [{}]", term.text, read.join(", ")).unwrap();
                }
            }
        }
        wrong.extend(compare(&case, "expected", &found));
        wrong.extend(sql(&case, &checked, &catalog, expect));
        let again = check(checked.text(), &catalog, context, expect).unwrap();
        assert_eq!(again, checked, "{}: the canonical text says something else", case.display());
        assert_eq!(again.text(), checked.text());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The kind of rows that a rule can be asked of alone.
fn rows_of(checked: &Checked, catalog: &Catalog, expect: Expect) -> Option<Rows> {
    let contexts = [
        (Context::LeadCondition, Rows::Leads),
        (Context::DealerCondition, Rows::Dealers),
        (Context::UserCondition, Rows::Users),
    ];
    contexts
        .into_iter()
        .find(|(context, _)| check(checked.text(), catalog, *context, expect).is_ok())
        .map(|(_, rows)| rows)
}

fn sql(case: &Path, checked: &Checked, catalog: &Catalog, expect: Expect) -> Vec<String> {
    let Some(rows) = rows_of(checked, catalog, expect) else { return Vec::new() };
    let found = match rule::shown((checked, catalog), rows, START) {
        Ok([sqlite, postgres]) => vec![("sqlite.sql", sqlite), ("postgres.sql", postgres)],
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(|problem| format!("{problem}\n")).collect();
            vec![("no.sql", lines.concat())]
        }
    };
    found.into_iter().filter_map(|(file, text)| compare(case, file, &text)).collect()
}

// EXPR-2, EXPR-6
#[test]
fn every_failing_case_reports_all_its_problems_with_their_places() {
    let catalog = catalog();
    let mut wrong = Vec::new();
    for case in cases("failing") {
        let problems = match checked(&case, &catalog).0 {
            Ok(checked) => {
                wrong.push(format!("{}: was accepted as {}", case.display(), checked.text()));
                continue;
            }
            Err(problems) => problems,
        };
        let mut found = String::new();
        for Diagnostic { line, column, length, message, suggestion } in problems {
            let suggestion = suggestion.map_or_else(String::new, |text| format!("  => {text}"));
            writeln!(found, "{line}:{column}+{length} {message}{suggestion}").unwrap();
        }
        wrong.extend(compare(&case, "diagnostics", &found));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
