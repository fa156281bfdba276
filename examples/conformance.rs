//! Runs the cases of the CEL conformance suite in a folder through the parser, checker and interpreter of expressions:
//! `make conformance CEL=<folder>`. It judges only what the language supports; what is not supported is counted by name.
//!
//! The folder holds the suite's files as JSON: `section[].test[]` with `expr` and either `value` or `eval_error`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use baton::rules::{
    Catalog, CatalogParts, Checked, Context, Diagnostic, Expect, FieldId, SortKey, Truth, Value, Values, check,
};
use serde_json::Value as Json;

/// What is not supported, by a part of the checker's message. The reasons stand in `docs/rules.md`.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("unsigned numbers are not supported", "unsigned numbers"),
    ("`uint` is not supported", "unsigned numbers"),
    ("unsupported number", "unsigned numbers"),
    ("bytes are not supported", "bytes"),
    ("bytes such as", "bytes"),
    ("maps in braces are not supported", "maps and messages"),
    ("messages in braces are not supported", "maps and messages"),
    ("only fields have parts", "maps and messages"),
    ("`has` asks for a field", "maps and messages"),
    ("names are written without backticks", "maps and messages"),
    ("taking an item by its place is not supported", "items by place"),
    ("`bool` is not supported", "bool()"),
    ("`type` is not supported", "type()"),
    ("`dyn` is not supported", "dyn()"),
    ("`map` is not supported", "map()"),
    ("`filter` is not supported", "filter()"),
    ("`exists_one` is not supported", "exists_one()"),
    ("`existsOne` is not supported", "exists_one()"),
    ("a list holds values of one type", "lists of several types"),
    ("a list can't hold", "lists of lists or nulls"),
    ("a text can't contain the character NUL", "the character NUL"),
    ("`string` is called with", "string() of decimal numbers"),
];

/// One case of the suite.
struct Case {
    name: String,
    expression: String,
    value: Option<Json>,
    has_bindings: bool,
    /// Whether the suite itself says that no checker accepts it.
    is_unchecked: bool,
}

/// How a case came out.
enum Outcome {
    Passed,
    Unsupported(&'static str),
    /// The one known difference: a double that is not finite is unknown.
    Departed,
    Failed(String),
}

/// No field has a value.
struct NoRow;

impl Values for NoRow {
    fn field(&self, _: FieldId) -> Value<'_> {
        Value::Missing
    }
}

fn main() -> ExitCode {
    let Some(folder) = env::args().nth(1).map(PathBuf::from) else {
        eprintln!("name the folder with the suite's files: make conformance CEL=<folder>");
        return ExitCode::FAILURE;
    };
    match cases(&folder) {
        Ok(cases) => report(&cases),
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn cases(folder: &Path) -> Result<Vec<Case>, Box<dyn std::error::Error>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let suite: Json = serde_json::from_str(&fs::read_to_string(&file)?)?;
        let text = |of: &Json, key: &str| of.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let list = |of: &Json, key: &str| of.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
        for section in list(&suite, "section") {
            for test in list(&section, "test") {
                cases.push(Case {
                    name: format!("{}/{}/{}", text(&suite, "name"), text(&section, "name"), text(&test, "name")),
                    expression: text(&test, "expr"),
                    value: test.get("value").cloned(),
                    has_bindings: test.get("bindings").is_some() || test.get("type_env").is_some(),
                    is_unchecked: test.get("disable_check").is_some_and(|flag| flag == true),
                });
            }
        }
    }
    if cases.is_empty() { Err("no cases are in it".into()) } else { Ok(cases) }
}

fn report(cases: &[Case]) -> ExitCode {
    let catalog = Catalog::new(CatalogParts::default());
    let (mut passed, mut failed, mut departed) = (0, 0, Vec::new());
    let mut unsupported: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        match outcome(case, &catalog) {
            Outcome::Passed => passed += 1,
            Outcome::Unsupported(what) => *unsupported.entry(what).or_default() += 1,
            Outcome::Departed => departed.push(case),
            Outcome::Failed(why) => {
                failed += 1;
                println!("failed: {}: `{}`: {why}", case.name, case.expression.escape_debug());
            }
        }
    }
    println!("{} cases: {passed} passed", cases.len());
    println!("{} use what is not supported:", unsupported.values().sum::<usize>());
    for (what, count) in unsupported {
        println!("  {count:5} {what}");
    }
    println!("{} depart from CEL, because a double that is not finite is unknown:", departed.len());
    for case in departed {
        println!("        {}: `{}`", case.name, case.expression.escape_debug());
    }
    println!("{failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn outcome(case: &Case, catalog: &Catalog) -> Outcome {
    if case.has_bindings {
        return Outcome::Unsupported("variables of one's own");
    }
    let checked = |text: &str| check(text, catalog, Context::DealerCondition, Expect::SortKey);
    let Some(expected) = &case.value else {
        return match checked(&case.expression) {
            Ok(rule) => judge(shown(&rule) == "missing", || shown(&rule)),
            // To be refused beforehand is how an error shows itself to whoever writes the text.
            Err(problems) => named(case, &problems).map_or(Outcome::Passed, Outcome::Unsupported),
        };
    };
    let literal = match literal(expected) {
        Ok(literal) => literal,
        Err(what) => return Outcome::Unsupported(what),
    };
    if literal == "not finite" {
        return match checked(&case.expression) {
            Ok(rule) if shown(&rule) == "missing" => Outcome::Departed,
            Ok(rule) => Outcome::Failed(shown(&rule)),
            Err(problems) => refused(case, &problems),
        };
    }
    // Lists and null can't be sorted by, so the result is compared within the language, and its type beside it.
    match checked(&format!("({}\n) == {literal}", case.expression)) {
        Ok(rule) if rule.truth(&NoRow) == Truth::True => match checked(&case.expression) {
            Ok(rule) => judge(same_type(&rule, expected), || shown(&rule)),
            Err(_) => Outcome::Passed,
        },
        Ok(rule) => {
            let divides_by_zero = case.expression.replace(' ', "").contains("/0.0");
            match rule.truth(&NoRow) {
                Truth::Unknown if divides_by_zero => Outcome::Departed,
                truth => Outcome::Failed(format!("{truth:?}")),
            }
        }
        Err(problems) => refused(case, &problems),
    }
}

fn judge(sound: bool, found: impl FnOnce() -> String) -> Outcome {
    if sound { Outcome::Passed } else { Outcome::Failed(found()) }
}

fn refused(case: &Case, problems: &[Diagnostic]) -> Outcome {
    match named(case, problems) {
        Some(what) => Outcome::Unsupported(what),
        None if case.is_unchecked => Outcome::Unsupported("expressions that no type checker accepts"),
        None => Outcome::Failed(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    }
}

fn named(case: &Case, problems: &[Diagnostic]) -> Option<&'static str> {
    let known = |problem: &Diagnostic| {
        let message = problem.message.as_str();
        match UNSUPPORTED.iter().find(|(part, _)| message.contains(part)) {
            Some((_, what)) => Some(*what),
            None if message.starts_with("`+` can't join") && message.contains("list") => Some("joining lists"),
            None if message.contains("to the microsecond") && is_fine(&case.expression) => {
                Some("moments and durations finer than a microsecond")
            }
            None => None,
        }
    };
    problems.iter().find_map(known)
}

/// Whether the text has nanoseconds in it, or seconds with more than six decimals.
fn is_fine(expression: &str) -> bool {
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).count();
    expression.contains("ns'") || expression.split('.').skip(1).any(|part| digits(part) > 6)
}

fn shown(rule: &Checked) -> String {
    rule.sort_key(&NoRow).shown()
}

/// `1 == 1.0` holds, so a whole number could pass for a decimal one.
fn same_type(rule: &Checked, expected: &Json) -> bool {
    match rule.sort_key(&NoRow) {
        SortKey::Int(_) => expected.get("int64_value").is_some(),
        SortKey::Double(_) => expected.get("double_value").is_some(),
        _ => true,
    }
}

/// The expected value as it is written, or what of it is not supported.
fn literal(expected: &Json) -> Result<String, &'static str> {
    let Some((kind, value)) = expected.as_object().and_then(|object| object.iter().next()) else {
        return Err("values of no kind");
    };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match kind.as_str() {
        "null_value" => Ok("null".to_owned()),
        "bool_value" | "int64_value" => Ok(text),
        "double_value" if matches!(text.as_str(), "Infinity" | "-Infinity" | "NaN") => Ok("not finite".to_owned()),
        "double_value" => text.parse::<f64>().map(|number| format!("{number:?}")).map_err(|_| "values of no kind"),
        "string_value" => Ok(quoted(&text)),
        "list_value" => {
            let items = value.get("values").and_then(Json::as_array).cloned().unwrap_or_default();
            let items: Vec<String> = items.iter().map(literal).collect::<Result<_, _>>()?;
            Ok(format!("[{}]", items.join(", ")))
        }
        "object_value" => message(value),
        "uint64_value" => Err("unsigned numbers"),
        "bytes_value" => Err("bytes"),
        "type_value" => Err("type()"),
        _ => Err("maps and messages"),
    }
}

/// Moments and durations come as messages.
fn message(value: &Json) -> Result<String, &'static str> {
    let kind = value.get("@type").and_then(Json::as_str).unwrap_or_default();
    let text = value.get("value").and_then(Json::as_str).unwrap_or_default();
    match kind.rsplit('.').next() {
        Some("Timestamp") => Ok(format!("timestamp('{text}')")),
        Some("Duration") => Ok(format!("duration('{text}')")),
        _ => Err("maps and messages"),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for letter in text.chars() {
        match letter {
            '\'' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_control() => {
                // Writing to a string can't fail.
                let _ = write!(out, "\\u{:04X}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('\'');
    out
}
