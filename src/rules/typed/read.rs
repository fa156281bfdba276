//! From an input object to the checked tree: its fields, relations, and what joins them.
//!
//! Every problem is collected with its path inside the input; nothing half read comes out.

use serde_json::{Map, Value as Json};

use super::condition::Asked;
use super::literal::shown;
use crate::domain::field::nearest;
use crate::domain::{Invalid, InvalidCode};
use crate::rules::build;
use crate::rules::catalog::{Catalog, Context, Field, FieldId, FieldSource, Root};
use crate::rules::effort::too_much;
use crate::rules::limits::{DEPTH_MAX, DIAGNOSTICS_MAX, NODES_MAX};
use crate::rules::scan::Tokens;
use crate::rules::terms::Checked;
use crate::rules::tree::{Item, Kind, Node, Type};

/// What joins conditions over one row.
pub const ABOVE: [&str; 3] = ["and", "or", "not"];
/// What a tenant's own definitions are asked by.
pub const BELOW: [&str; 2] = ["category", "custom"];

/// Another row that hangs on a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its name in the input.
    pub name: &'static str,
    /// Whose fields it has.
    pub root: Root,
}

impl Relation {
    /// Those of a row.
    pub const fn of(root: Root) -> &'static [Self] {
        const OF_LEAD: [Relation; 2] =
            [Relation { name: "dealer", root: Root::LeadDealer }, Relation { name: "owner", root: Root::LeadOwner }];
        match root {
            Root::Lead => &OF_LEAD,
            _ => &[],
        }
    }
}

/// Reads a condition over the rows of a grid. Problems name their path inside the input.
pub fn read(input: &Json, catalog: &Catalog, context: Context) -> Result<Checked, Vec<Invalid>> {
    let mut reader = Reader::new(catalog, context);
    let root = context.row();
    let term = reader.at_whole(input, |reader| reader.row(root, input));
    let checked = term.map(|term| Checked::of(term, catalog));
    if let Some(checked) = &checked {
        reader.check_extent(checked);
    }
    match checked {
        Some(checked) if reader.problems.is_empty() => Ok(checked),
        _ => Err(reader.problems),
    }
}

/// What was found so far, and where the reader stands.
pub(super) struct Reader<'c> {
    pub(super) catalog: &'c Catalog,
    context: Context,
    path: Vec<String>,
    problems: Vec<Invalid>,
}

impl<'c> Reader<'c> {
    pub(super) fn new(catalog: &'c Catalog, context: Context) -> Self {
        Self { catalog, context, path: Vec::new(), problems: Vec::new() }
    }

    /// Conditions over one row, all of which must hold.
    fn row(&mut self, root: Root, value: &Json) -> Option<Node> {
        if self.path.len() > DEPTH_MAX {
            return self.refuse(InvalidCode::TooLong, "nested too deep from here, split the condition up");
        }
        let given = self.object(value, "name a field, or leave it out")?;
        let fields: Vec<(String, FieldId, Type)> = self.fields(root);
        let relations = Relation::of(root);
        let mut known: Vec<&str> = fields.iter().map(|(name, ..)| name.as_str()).collect();
        known.extend(relations.iter().map(|relation| relation.name).chain(BELOW).chain(ABOVE));
        self.refuse_unknown(given, &known);
        let mut terms: Vec<Option<Node>> = Vec::with_capacity(given.len());
        for (name, id, ty) in &fields {
            let Some(value) = given.get(name) else { continue };
            let asked = Asked { term: build::leaf(Kind::Field(*id), *ty), field: Some(*id), whole: true };
            terms.push(self.at(name, value, |reader| reader.questions(&asked, value)));
        }
        for Relation { name, root } in relations {
            let Some(value) = given.get(*name) else { continue };
            terms.push(self.at(name, value, |reader| reader.row(*root, value)));
        }
        for name in BELOW.into_iter().chain(ABOVE) {
            let Some(value) = given.get(name) else { continue };
            terms.push(self.at(name, value, |reader| match name {
                "not" => reader.row(root, value).map(build::not),
                "and" => reader.each(value, Self::row, root).and_then(build::all),
                "or" => reader.each(value, Self::row, root).and_then(build::any),
                "category" => reader.each(value, Self::category, root).and_then(build::all),
                _ => reader.each(value, Self::custom, root).and_then(build::all),
            }));
        }
        terms.into_iter().collect::<Option<Vec<Node>>>().and_then(build::all)
    }

    /// Every item of a list, which has at least one; a single one counts as a list of one, as GraphQL has it.
    fn each(
        &mut self,
        value: &Json,
        read: fn(&mut Self, Root, &Json) -> Option<Node>,
        root: Root,
    ) -> Option<Vec<Node>> {
        let Json::Array(items) = value else { return read(self, root, value).map(|term| vec![term]) };
        if items.is_empty() {
            return self.refuse(InvalidCode::Required, "an empty list says nothing, leave it out");
        }
        let mut terms = Vec::with_capacity(items.len().min(NODES_MAX));
        for (index, item) in items.iter().enumerate() {
            terms.push(self.at(&index.to_string(), item, |reader| read(reader, root, item)));
        }
        terms.into_iter().collect()
    }

    /// `{key: "tier", value: {in: ["Gold"]}, rank: {lte: 1}}`
    fn category(&mut self, root: Root, value: &Json) -> Option<Node> {
        let given = self.object(value, "give a `key` with `value` or `rank`")?;
        self.refuse_unknown(given, &["key", "value", "rank"]);
        let key = self.key(given)?;
        let mut terms = Vec::new();
        for (name, group) in [("value", "category"), ("rank", "category_rank")] {
            let Some(value) = given.get(name) else { continue };
            let asked = self.keyed(root, group, &key)?;
            terms.push(self.at(name, value, |reader| reader.questions(&asked, value)));
        }
        if terms.is_empty() {
            return self.refuse(InvalidCode::Required, "ask for the `value` or its `rank`");
        }
        terms.into_iter().collect::<Option<Vec<Node>>>().and_then(build::all)
    }

    /// `{key: "ev", boolean: {eq: true}}`
    fn custom(&mut self, root: Root, value: &Json) -> Option<Node> {
        let given = self.object(value, "give a `key` with what is asked, such as `text: {…}`")?;
        self.refuse_unknown(given, &["key", "text", "integer", "decimal", "boolean", "moment", "texts"]);
        let key = self.key(given)?;
        let asked = self.keyed(root, "custom", &key)?;
        let ty = asked.term.ty;
        let name = custom_name(ty);
        if let Some(other) = given.keys().find(|other| *other != "key" && *other != name) {
            let message = format!("`{key}` is {ty}, ask with `{name}` instead of `{other}`");
            return self.refuse(InvalidCode::NotAllowed, &message);
        }
        let Some(value) = given.get(name) else {
            return self.refuse(InvalidCode::Required, &format!("`{key}` is {ty}, ask with `{name}`"));
        };
        self.at(name, value, |reader| reader.questions(&asked, value))
    }

    fn key(&mut self, given: &Map<String, Json>) -> Option<String> {
        match given.get("key") {
            Some(Json::String(key)) => Some(key.clone()),
            _ => self.refuse(InvalidCode::Required, "give the `key` as a text"),
        }
    }

    /// The field below `dealer.custom`, `dealer.category` or the like with this key.
    fn keyed(&mut self, root: Root, group: &str, key: &str) -> Option<Asked> {
        let prefix = format!("{}.{group}.", root.path());
        let path = format!("{prefix}{key}");
        let found = self.catalog.find(&path).filter(|_| !key.contains('.'));
        if let Some((id, field)) = found.and_then(|id| Some((id, self.catalog.field(id)?))) {
            return Some(Asked { term: build::leaf(Kind::Field(id), field.ty), field: Some(id), whole: true });
        }
        let what = if group == "custom" { "custom field" } else { "category" };
        let key = shown(&Json::from(key));
        if self.catalog.is_archived(&path) {
            let message = format!("the {what} `{key}` is archived and can't be used any more");
            return self.at("key", &Json::Bool(true), |reader| reader.refuse(InvalidCode::NotAllowed, &message));
        }
        let all = self.catalog.fields().iter();
        let near = nearest(&key, all.filter_map(|field| field.path.strip_prefix(&prefix)));
        let advice = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
        let message = format!("there is no {what} `{key}`{advice}");
        self.at("key", &Json::Bool(true), |reader| reader.refuse(InvalidCode::NotFound, &message))
    }

    /// The built-in fields of a row that the grid may read, by their names in the input.
    fn fields(&self, root: Root) -> Vec<(String, FieldId, Type)> {
        let visible = self.catalog.visible(self.context).filter(|(_, field)| field.root == root && is_built_in(field));
        visible.map(|(id, field)| (camel_case(own_name(field)), id, field.ty)).collect()
    }

    /// Goes one level into the input; nothing there may be null.
    pub(super) fn at<T>(&mut self, name: &str, value: &Json, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.path.push(name.to_owned());
        let found = self.at_whole(value, read);
        self.path.pop();
        found
    }

    fn at_whole<T>(&mut self, value: &Json, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if value.is_null() {
            return self.refuse(
                InvalidCode::Required,
                "null says nothing, leave it out; for what has no value ask `isMissing: true`",
            );
        }
        read(self)
    }

    /// An object that says something.
    pub(super) fn object<'j>(&mut self, value: &'j Json, advice: &str) -> Option<&'j Map<String, Json>> {
        match value {
            Json::Object(given) if given.is_empty() => {
                self.refuse(InvalidCode::Required, &format!("an empty object says nothing, {advice}"))
            }
            Json::Object(given) => Some(given),
            other => self.refuse(InvalidCode::Malformed, &format!("`{}` is no object, {advice}", shown(other))),
        }
    }

    /// Names that mean nothing, each with the nearest that does.
    pub(super) fn refuse_unknown(&mut self, given: &Map<String, Json>, known: &[&str]) {
        for name in given.keys().filter(|name| !known.contains(&name.as_str())) {
            let advice = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.len() <= 20 => format!("here stand `{}`", known.join("`, `")),
                None => "see the fields of the grid".to_owned(),
            };
            let message = format!("`{}` can't be asked here, {advice}", shown(&Json::from(name.as_str())));
            self.at(name, &Json::Bool(true), |reader| reader.refuse::<()>(InvalidCode::NotAllowed, &message));
        }
    }

    pub(super) fn refuse<T>(&mut self, code: InvalidCode, message: &str) -> Option<T> {
        if self.problems.len() < DIAGNOSTICS_MAX {
            self.problems.push(Invalid { path: self.path.clone(), code, message: message.to_owned() });
        }
        None
    }

    /// What the text of the condition may not be, the condition may not be either (EXPR-6).
    fn check_extent(&mut self, checked: &Checked) {
        let (terms, depth) = build::extent(checked.root());
        if terms > NODES_MAX {
            let message = format!("the condition has more than {NODES_MAX} terms, split it up");
            self.refuse::<()>(InvalidCode::TooLong, &message);
        } else if depth > DEPTH_MAX {
            let message = format!("the condition is nested deeper than {DEPTH_MAX} levels, split it up");
            self.refuse::<()>(InvalidCode::TooLong, &message);
        } else if let Err(problems) = Tokens::scan(checked.text()) {
            let reasons: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            let message = format!("the condition is too large as text: {}", reasons.join("; "));
            self.refuse::<()>(InvalidCode::TooLong, &message);
        } else if let Some((_, message)) = too_much(checked.root()) {
            self.refuse::<()>(InvalidCode::TooLong, &message);
        }
    }
}

/// Whether it is one of the fields that every tenant has.
fn is_built_in(field: &Field) -> bool {
    matches!(field.source, FieldSource::Lead(_) | FieldSource::Dealer(_) | FieldSource::User(_))
}

/// `received_at` of `lead.received_at`
fn own_name(field: &Field) -> &str {
    field.path.rsplit('.').next().unwrap_or(&field.path)
}

/// The name under which values of a custom field are asked.
const fn custom_name(ty: Type) -> &'static str {
    match ty {
        Type::Int => "integer",
        Type::Double => "decimal",
        Type::Bool => "boolean",
        Type::Timestamp => "moment",
        Type::List(Item::Text) => "texts",
        _ => "text",
    }
}

/// `received_at` is `receivedAt` in the input.
pub fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut text, part| {
        let mut letters = part.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
        text
    })
}
