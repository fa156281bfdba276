//! A checked expression: its tree, its canonical text, the fields that it reads, and the terms that it is made of.
//!
//! A filter's terms are what "not matched by term" counts and what "why not" begins with. Both run the very tree that decides.

use std::sync::Arc;

use crate::domain::field::Subject;

use super::build;
use super::catalog::{Catalog, Field, FieldId, FieldSource, Root};
use super::error::Diagnostic;
use super::eval::{eval, truth};
use super::print::print;
use super::sort::SortKey;
use super::tree::{Kind, Node, Span};
use super::value::{Truth, Values};

/// An expression that was checked against a catalog. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checked(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    root: Node,
    text: String,
    /// The text that was checked, if the tree was made from one: what the spans point into.
    written: Option<String>,
    fields: Vec<ReadField>,
    terms: Vec<Term>,
}

impl PartialEq for Checked {
    fn eq(&self, other: &Self) -> bool {
        self.0.root == other.0.root
    }
}

/// A field that an expression reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadField {
    /// Its place in the catalog.
    pub id: FieldId,
    /// Its whole name.
    pub path: String,
    /// Whose it is.
    pub root: Root,
    /// Where its value comes from.
    pub source: FieldSource,
    /// Whether its value is worked out for a candidate.
    pub computed: bool,
}

/// One of the terms that all have to hold: the whole expression, or a part between two top-level `&&`.
#[derive(Clone, Debug)]
pub struct Term {
    /// Its canonical text.
    pub text: String,
    /// Where it stands in the text that was checked.
    pub span: Span,
    /// The fields that it reads, in the order of the text, each once.
    pub fields: Vec<ReadField>,
}

impl Term {
    /// Whether it reads the lead, or anything below it.
    pub fn mentions_lead(&self) -> bool {
        self.mentions(&[Root::Lead, Root::LeadDealer, Root::LeadOwner])
    }

    /// Whether it reads the moment of evaluation.
    pub fn mentions_now(&self) -> bool {
        self.mentions(&[Root::Now])
    }

    /// Whether it reads a value that is worked out for a candidate.
    pub fn mentions_computed(&self) -> bool {
        self.fields.iter().any(|field| field.computed)
    }

    /// Whether it says the same of a candidate for every lead and at every moment, until the candidate itself changes.
    pub fn is_static(&self) -> bool {
        !(self.mentions_lead() || self.mentions_now() || self.mentions_computed())
    }

    fn mentions(&self, roots: &[Root]) -> bool {
        self.fields.iter().any(|field| roots.contains(&field.root))
    }
}

impl Checked {
    /// Wraps a well-typed tree, however it was made. `catalog` must be the one that its fields come from.
    pub fn of(root: Node, catalog: &Catalog) -> Self {
        Self::new(root, catalog, None)
    }

    /// As [`Self::of`], with the text that the tree was made from.
    pub(super) fn written(root: Node, catalog: &Catalog, text: &str) -> Self {
        Self::new(root, catalog, Some(text.to_owned()))
    }

    fn new(root: Node, catalog: &Catalog, written: Option<String>) -> Self {
        let term = |node: &Node| Term { text: print(node, catalog), span: node.span, fields: read_by(node, catalog) };
        let terms = conjuncts(&root).iter().map(term).collect();
        Self(Arc::new(Parts { text: print(&root, catalog), written, fields: read_by(&root, catalog), terms, root }))
    }

    /// A problem with one of its terms, in the text that was checked, or in the canonical one where there was none.
    pub fn problem(&self, node: &Node, catalog: &Catalog, message: impl FnOnce(&str) -> String) -> Diagnostic {
        const SHOWN_MAX: usize = 60;
        let term = print(node, catalog);
        let shown: String = term.chars().take(SHOWN_MAX).collect();
        let message = message(&if shown.len() < term.len() { format!("{shown}…") } else { shown });
        if let Some(text) = &self.0.written {
            return Diagnostic::at(text, node.span, message, None);
        }
        let start = self.0.text.find(&term).unwrap_or(0);
        Diagnostic::at(&self.0.text, Span { start, end: start + term.len() }, message, None)
    }

    /// Holds where both conditions hold. `catalog` must be the one that both were checked against.
    #[must_use]
    pub fn and(&self, other: &Self, catalog: &Catalog) -> Self {
        let both = build::all(vec![self.0.root.clone(), other.0.root.clone()]);
        both.map_or_else(|| self.clone(), |root| Self::of(root, catalog))
    }

    /// The tree.
    pub fn root(&self) -> &Node {
        &self.0.root
    }

    /// The canonical text; it checks back to the same tree.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The fields that it reads, in the order of the text, each once.
    pub fn fields(&self) -> &[ReadField] {
        &self.0.fields
    }

    /// Whether it reads this custom field, of a candidate or of whoever has the lead; a field that is read cannot be
    /// archived (EXPR-8).
    pub fn reads_custom(&self, subject: Subject, key: &str) -> bool {
        let is_it = |field: &ReadField| {
            field.root.subject() == Some(subject) && field.source == FieldSource::Custom(key.to_owned())
        };
        self.0.fields.iter().any(is_it)
    }

    /// The terms that all have to hold, in the order of the text; at least one.
    pub fn terms(&self) -> &[Term] {
        &self.0.terms
    }

    /// The trees of [`Self::terms`], in the same order.
    pub fn term_nodes(&self) -> &[Node] {
        conjuncts(&self.0.root)
    }

    /// Whether the row matches.
    pub fn truth<V: Values + ?Sized>(&self, values: &V) -> Truth {
        truth(&self.0.root, values)
    }

    /// The key by which the row sorts.
    pub fn sort_key<'v, V: Values + ?Sized>(&'v self, values: &'v V) -> SortKey<'v> {
        SortKey::from(eval(&self.0.root, values))
    }
}

fn conjuncts(root: &Node) -> &[Node] {
    match &root.kind {
        Kind::And(terms) => terms,
        _ => std::slice::from_ref(root),
    }
}

fn read_by(node: &Node, catalog: &Catalog) -> Vec<ReadField> {
    let mut ids = Vec::new();
    node.each_field(&mut |id| ids.push(id));
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    let read = |id: FieldId| {
        let Field { path, root, source, computed, .. } = catalog.field(id)?;
        Some(ReadField { id, path: path.clone(), root: *root, source: source.clone(), computed: *computed })
    };
    ids.into_iter().filter_map(read).collect()
}
