//! Functions and quantifiers: which there are, what they take, and what to use instead of those that are not supported.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr};

use super::{Bound, Checker, names};
use crate::domain::field::nearest;
use crate::rules::catalog::FieldId;
use crate::rules::limits::PATTERNS_MAX;
use crate::rules::literal::Literal;
use crate::rules::moments::{Part, Zone, from_seconds, nearest_zone, parse_duration, parse_moment};
use crate::rules::source::is_operator;
use crate::rules::tree::{Function, Item, Kind, Node, Pattern, Type};

/// What else CEL has, with the way around it.
const UNSUPPORTED: [(&str, &str); 12] = [
    ("uint", "unsigned numbers are not supported, use `int`"),
    ("bytes", "bytes are not supported, compare texts"),
    ("bool", "`bool` is not supported, compare with `'true'`"),
    ("type", "`type` is not supported, every field has one type"),
    ("dyn", "`dyn` is not supported, every term has one type"),
    ("map", "`map` is not supported, test the items with `exists` or `all`"),
    ("filter", "`filter` is not supported, test the items with `exists` or `all`"),
    ("exists_one", "`exists_one` is not supported, use `exists`"),
    ("existsOne", "`existsOne` is not supported, use `exists`"),
    ("upperAscii", "`upperAscii` is not supported, compare with `lowerAscii`"),
    ("getMilliSeconds", "`getMilliSeconds` is written `getMilliseconds`"),
    ("lower", "`lower` is written `lowerAscii`"),
];

const PLAIN: [Function; 10] = [
    Function::StartsWith,
    Function::EndsWith,
    Function::Contains,
    Function::LowerAscii,
    Function::Size,
    Function::Timestamp,
    Function::Duration,
    Function::Int,
    Function::Double,
    Function::Text,
];

impl Checker<'_> {
    pub(super) fn call(&mut self, term: &IdedExpr, call: &CallExpr) -> Option<Node> {
        if call.func_name == "_[_]" {
            return match names::path(term) {
                Some(_) => self.name(term),
                None => self.refuse(term, "taking an item by its place is not supported, use `in`, `exists` or `all`"),
            };
        }
        if is_operator(&call.func_name) {
            return self.operator(term, call);
        }
        let name = call.func_name.as_str();
        let arguments: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        if name == "matches" {
            return self.matches(term, &arguments);
        }
        let Some(function) = function(name) else { return self.unknown_function(term, call) };
        if call.target.is_some() != function.has_receiver() && function != Function::Size {
            let instead = if function.has_receiver() { format!("value.{name}(…)") } else { format!("{name}(value)") };
            return self.refuse(term, &format!("`{name}` is written `{instead}`"));
        }
        let mut checked = Vec::with_capacity(arguments.len());
        for argument in &arguments {
            checked.push(self.node(argument));
        }
        let checked: Vec<Node> = checked.into_iter().collect::<Option<_>>()?;
        self.applied(term, function, checked)
    }

    fn applied(&mut self, term: &IdedExpr, function: Function, arguments: Vec<Node>) -> Option<Node> {
        let types: Vec<Type> = arguments.iter().map(|argument| argument.ty).collect();
        let Some(ty) = result(function, &types) else {
            let message =
                format!("`{}` is called {}, not {}", function.name(), takes(function), given(function, &types));
            return self.refuse(term, &message);
        };
        match folded(function, &arguments) {
            Some(Ok(literal)) => return Some(self.made(term, Kind::Literal(literal), ty)),
            Some(Err(form)) => return self.refuse(term, &format!("`{}` needs {form}", function.name())),
            None => {}
        }
        if let (Function::Get(_), Some(zone)) = (function, arguments.get(1)) {
            self.check_zone(zone)?;
        }
        Some(self.made(term, Kind::Call(function, arguments), ty))
    }

    fn check_zone(&mut self, zone: &Node) -> Option<()> {
        let Kind::Literal(Literal::Text(name)) = &zone.kind else { return Some(()) };
        if Zone::parse(name).is_some() {
            return Some(());
        }
        let near = nearest_zone(name).map(|near| format!("'{near}'"));
        let advice = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "give one such as `'America/Chicago'` or `'-06:00'`".to_owned(),
        };
        self.problem_at(zone.span, format!("`{}` is not a time zone, {advice}", self.shown(zone.span)), near);
        None
    }

    fn matches(&mut self, term: &IdedExpr, arguments: &[&IdedExpr]) -> Option<Node> {
        let [text, pattern] = arguments else {
            return self.refuse(term, "`matches` takes a text and a pattern: `dealer.name.matches('^A')`");
        };
        let text = self.node(text);
        let pattern = self.node(pattern);
        let (text, pattern) = (text?, pattern?);
        if text.ty != Type::Text {
            let message = format!("`matches` needs a text, but `{}` is {}", self.shown(text.span), text.ty);
            self.problem_at(text.span, message, None);
            return None;
        }
        let Kind::Literal(Literal::Text(written)) = &pattern.kind else {
            self.problem_at(
                pattern.span,
                "the pattern of `matches` must stand in the expression as a text".to_owned(),
                None,
            );
            return None;
        };
        self.patterns += 1;
        if self.patterns > PATTERNS_MAX {
            return self.refuse(
                term,
                &format!("an expression has at most {PATTERNS_MAX} `matches`, join the patterns with `|`"),
            );
        }
        match Pattern::new(written) {
            Ok(compiled) => Some(self.made(term, Kind::Matches(Box::new(text), compiled), Type::Bool)),
            Err(regex::Error::CompiledTooBig(_)) => {
                self.problem_at(pattern.span, "the pattern is too large, simplify it".to_owned(), None);
                None
            }
            Err(error) => {
                // The library draws the pattern over several lines; its last line says what is wrong.
                let shown = error.to_string();
                let reason = shown.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.problem_at(pattern.span, format!("the pattern can't be read: {reason}"), None);
                None
            }
        }
    }

    /// The parser has expanded macros already; which one it was stands in the text.
    pub(super) fn quantifier(&mut self, term: &IdedExpr, parts: &ComprehensionExpr) -> Option<Node> {
        let every = match self.source.called(term) {
            "all" => true,
            "exists" => false,
            other => {
                let message = unsupported(other).unwrap_or("this is not supported, use `exists` or `all`");
                return self.refuse(term, message);
            }
        };
        let Expr::Call(step) = &parts.loop_step.expr else { return self.refuse(term, "this can't be read") };
        let list = self.node(&parts.iter_range)?;
        let item = match list.ty {
            Type::List(item) => item,
            ty => {
                let message =
                    format!("`{}` needs a list, but `{}` is {ty}", self.source.called(term), self.shown(list.span));
                self.problem_at(list.span, message, None);
                return None;
            }
        };
        let name = parts.iter_var.clone();
        let taken = matches!(name.as_str(), "lead" | "dealer" | "user" | "now");
        if taken || self.scope.iter().any(|bound| bound.name == name) {
            return self.refuse(term, &format!("`{name}` has a meaning already, choose another name for the item"));
        }
        let what = if every { "all" } else { "exists" };
        let body = step.args.get(1).and_then(|body| self.body((&name, self.origin(&list)), item, (body, what)));
        Some(self.made(term, Kind::Quantify { all: every, name, parts: Box::new([list, body?]) }, Type::Bool))
    }

    /// The condition on an item. The empty list `[]` has no items, so the first type for which the condition makes sense will do.
    fn body(
        &mut self,
        (name, origin): (&str, Option<FieldId>),
        item: Item,
        (body, what): (&IdedExpr, &str),
    ) -> Option<Node> {
        const ANY: [Type; 6] = [Type::Int, Type::Double, Type::Bool, Type::Timestamp, Type::Duration, Type::Text];
        let of = item.ty();
        let types = of.as_ref().map_or(&ANY[..], std::slice::from_ref);
        // Terms are counted again at each try, so that tries within tries end at the limit of terms.
        let before = self.problems.len();
        let mut found = None;
        for ty in types {
            self.problems.truncate(before);
            self.scope.push(Bound { name: name.to_owned(), ty: *ty, origin });
            found = self.condition(body, what);
            self.scope.pop();
            if found.is_some() {
                break;
            }
        }
        found
    }

    fn unknown_function(&mut self, term: &IdedExpr, call: &CallExpr) -> Option<Node> {
        let name = call.func_name.as_str();
        if let Some(message) = unsupported(name) {
            return self.refuse(term, message);
        }
        if matches!(name, "exists" | "all") {
            return self.refuse(
                term,
                &format!("`{name}` takes a name and a condition: `dealer.brands.{name}(b, b == 'Audi')`"),
            );
        }
        if name == "has" {
            return self.refuse(term, "`has` asks for one field, such as `has(dealer.rating)`");
        }
        let shown: String = name.chars().take(60).collect();
        let known = PLAIN.iter().map(|function| function.name()).chain(Part::ALL.iter().map(|part| part.name()));
        let message = match nearest(name, known.chain(["matches", "exists", "all", "has"])) {
            Some(near) => format!("there is no function `{shown}`, did you mean `{near}`?"),
            None => format!("there is no function `{shown}`"),
        };
        self.refuse(term, &message)
    }
}

fn function(name: &str) -> Option<Function> {
    let plain = PLAIN.iter().copied().find(|function| function.name() == name);
    plain.or_else(|| Part::ALL.iter().copied().find(|part| part.name() == name).map(Function::Get))
}

/// `timestamp` and `duration` of a literal are literals themselves; the error says which form a wrong one should have.
fn folded(function: Function, arguments: &[Node]) -> Option<Result<Literal, &'static str>> {
    let Kind::Literal(literal) = &arguments.first()?.kind else { return None };
    let moment = "a moment such as `'2026-11-21T09:30:00Z'`, at most to the microsecond";
    let duration = "a duration such as `'90s'` or `'1h30m'`, at most to the microsecond";
    Some(match (function, literal) {
        (Function::Timestamp, Literal::Text(text)) => parse_moment(text).map(Literal::Timestamp).ok_or(moment),
        (Function::Timestamp, Literal::Int(seconds)) => {
            from_seconds(*seconds).map(Literal::Timestamp).ok_or("seconds within the years 1 to 9999")
        }
        (Function::Duration, Literal::Text(text)) => parse_duration(text).map(Literal::Duration).ok_or(duration),
        (Function::Timestamp, Literal::Timestamp(_)) | (Function::Duration, Literal::Duration(_)) => {
            Ok(literal.clone())
        }
        _ => return None,
    })
}

fn unsupported(name: &str) -> Option<&'static str> {
    UNSUPPORTED.iter().find(|(known, _)| *known == name).map(|(_, message)| *message)
}

/// The type of a function's result for arguments of these types.
fn result(function: Function, types: &[Type]) -> Option<Type> {
    match (function, types) {
        (Function::StartsWith | Function::EndsWith | Function::Contains, [Type::Text, Type::Text]) => Some(Type::Bool),
        (Function::Timestamp, [Type::Text | Type::Int | Type::Timestamp]) => Some(Type::Timestamp),
        (Function::Duration, [Type::Text | Type::Duration]) => Some(Type::Duration),
        (Function::Size, [Type::Text | Type::List(_)])
        | (Function::Int, [Type::Int | Type::Double | Type::Text | Type::Timestamp])
        | (Function::Get(_), [Type::Timestamp] | [Type::Timestamp, Type::Text]) => Some(Type::Int),
        (Function::Double, [Type::Int | Type::Double | Type::Text]) => Some(Type::Double),
        (Function::LowerAscii, [Type::Text])
        | (Function::Text, [Type::Text | Type::Int | Type::Bool | Type::Timestamp | Type::Duration]) => {
            Some(Type::Text)
        }
        (Function::Get(part), [Type::Duration]) if part.of_duration() => Some(Type::Int),
        _ => None,
    }
}

/// What a call was given, in the words of [`takes`].
fn given(function: Function, types: &[Type]) -> String {
    let list = |types: &[Type]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    match types.split_first() {
        None => "with nothing".to_owned(),
        Some((receiver, [])) if function.has_receiver() => format!("on {receiver} with nothing"),
        Some((receiver, rest)) if function.has_receiver() => format!("on {receiver} with {}", list(rest)),
        Some(_) => format!("with {}", list(types)),
    }
}

const fn takes(function: Function) -> &'static str {
    match function {
        Function::StartsWith | Function::EndsWith | Function::Contains => "on a text with a text",
        Function::LowerAscii => "on a text with nothing",
        Function::Size => "with a text or a list",
        Function::Timestamp => "with a text or whole seconds",
        Function::Duration => "with a text",
        Function::Int => "with a number, text or moment",
        Function::Double => "with a number or text",
        Function::Text => "with a whole number, true or false, a moment or a duration",
        Function::Get(part) if part.of_duration() => "on a moment with a time zone or nothing, or on a duration",
        Function::Get(_) => "on a moment with a time zone or nothing",
    }
}
