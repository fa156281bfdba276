//! Finding what a name means: a field of the catalog, or the item of an enclosing quantifier.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};

use super::{Bound, Checker};
use crate::rules::catalog::FieldId;
use crate::rules::tree::{Kind, Node, Type};

/// How a name, or a name with `has` around it, was resolved.
enum Resolved {
    Field(FieldId),
    Item { level: usize },
}

impl Checker<'_> {
    /// An identifier, a selection, or `has(…)` around one.
    pub(super) fn name(&mut self, term: &IdedExpr) -> Option<Node> {
        if let Expr::Select(select) = &term.expr
            && select.test
        {
            return self.has(term);
        }
        let Some(path) = path(term) else {
            return self.refuse(term, "only fields have parts, this is not a field");
        };
        match self.resolve(term, &path)? {
            Resolved::Field(field) => {
                let ty = self.catalog.field(field)?.ty;
                Some(self.made(term, Kind::Field(field), ty))
            }
            Resolved::Item { level } => {
                let Bound { name, ty, .. } = self.bound(level)?;
                let (name, ty) = (name.clone(), *ty);
                Some(self.made(term, Kind::Variable { level, name }, ty))
            }
        }
    }

    fn has(&mut self, term: &IdedExpr) -> Option<Node> {
        let Some(mut path) = path(term) else {
            return self.refuse(term, "`has` asks for a field, such as `has(dealer.rating)`");
        };
        // A lead has a dealer when that dealer has an id; the same of its owner.
        if matches!(path.as_str(), "lead.dealer" | "lead.owner") {
            path.push_str(".id");
        }
        match self.resolve(term, &path)? {
            Resolved::Field(field) => Some(self.made(term, Kind::Has(field), Type::Bool)),
            Resolved::Item { .. } => self.refuse(term, "`has` asks for a field, such as `has(dealer.rating)`"),
        }
    }

    /// The enclosing quantifier's item, 0 for the innermost.
    pub(super) fn bound(&self, level: usize) -> Option<&Bound> {
        self.scope.iter().rev().nth(level)
    }

    fn resolve(&mut self, term: &IdedExpr, path: &str) -> Option<Resolved> {
        let root = path.split('.').next().unwrap_or(path);
        if let Some(level) = self.scope.iter().rev().position(|bound| bound.name == root) {
            if root.len() < path.len() {
                return self.refuse(term, &format!("`{root}` is an item of a list and has no parts"));
            }
            return Some(Resolved::Item { level });
        }
        match self.catalog.find(path) {
            Some(id) if self.catalog.field(id).is_some_and(|field| self.context.allows(field)) => {
                Some(Resolved::Field(id))
            }
            Some(id) if self.catalog.field(id).is_some_and(|field| self.context.has(field.root)) => {
                self.refuse(term, &format!("`{path}` is worked out beside a lead, and there is no lead here"))
            }
            Some(_) => {
                let message = format!("`{root}` is not available here, use {}", self.context.variables());
                self.refuse(term, &message)
            }
            None => self.unknown(term, path),
        }
    }

    fn unknown(&mut self, term: &IdedExpr, path: &str) -> Option<Resolved> {
        let shown: String = path.chars().take(100).collect();
        if self.catalog.is_archived(path) {
            return self.refuse(term, &format!("`{shown}` is archived and can't be used any more"));
        }
        if let Some(example) = self.catalog.example_below(self.context, path) {
            let message = format!("`{shown}` is a group of fields, name one of them such as `{example}`");
            self.problem(term, message, None);
            return None;
        }
        if let Some((parent, ty)) = self.field_above(path) {
            return self.refuse(term, &format!("`{parent}` is {ty} and has no parts"));
        }
        let near = self.catalog.nearest(self.context, path).map(str::to_owned);
        let message = match &near {
            Some(near) => format!("there is no field `{shown}`, did you mean `{near}`?"),
            None if path.contains('.') => format!("there is no field `{shown}`"),
            None => format!(
                "there is no field `{shown}`; text stands in quotes, fields begin with {}",
                self.context.variables()
            ),
        };
        self.problem(term, message, near);
        None
    }

    /// The field that a path goes on from, as `now` in `now.year`.
    fn field_above<'p>(&self, path: &'p str) -> Option<(&'p str, Type)> {
        let mut parents = path.match_indices('.').filter_map(|(dot, _)| path.get(..dot));
        let field = |parent: &'p str| self.catalog.find(parent).and_then(|id| self.catalog.field(id));
        parents.find_map(|parent| Some((parent, field(parent)?.ty)))
    }
}

/// The dotted name that a term spells. `dealer.custom['ev']` is `dealer.custom.ev`.
pub(super) fn path(term: &IdedExpr) -> Option<String> {
    match &term.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) => joined(&select.operand, &select.field),
        Expr::Call(call) if call.func_name == "_[_]" => match call.args.as_slice() {
            [operand, IdedExpr { expr: Expr::Literal(LiteralValue::String(key)), .. }] => joined(operand, key.inner()),
            _ => None,
        },
        _ => None,
    }
}

fn joined(operand: &IdedExpr, name: &str) -> Option<String> {
    // `has(a.b).c` selects from true or false, not from a field.
    if matches!(&operand.expr, Expr::Select(select) if select.test) {
        return None;
    }
    let mut parent = path(operand)?;
    parent.push('.');
    parent.push_str(name);
    Some(parent)
}
