//! Questions to one field, or to an item of a list, as terms of the tree.

use serde_json::{Map, Value as Json};

use super::operator::Operator;
use super::read::Reader;
use crate::domain::InvalidCode;
use crate::rules::build;
use crate::rules::catalog::FieldId;
use crate::rules::check::never;
use crate::rules::literal::Literal;
use crate::rules::tree::{Arithmetic, Comparison, Function, Kind, Node, Type};

/// What the items of a list are called in a text.
const ITEM: &str = "item";

/// What is asked.
pub(super) struct Asked {
    /// The field, or the item at hand.
    pub(super) term: Node,
    /// The field that it is, or whose item it is.
    pub(super) field: Option<FieldId>,
    /// Whether it is the field itself, which may be missing; an item never is.
    pub(super) whole: bool,
}

impl Reader<'_> {
    /// `{gte: 4, lt: 5}`: every question must be answered with yes.
    pub(super) fn questions(&mut self, asked: &Asked, value: &Json) -> Option<Node> {
        let given = self.object(value, "ask something, such as `{eq: …}`")?;
        let ty = asked.term.ty;
        let fits = |operator: &Operator| operator.fits(ty) && (asked.whole || *operator != Operator::IsMissing);
        let known: Vec<Operator> = Operator::ALL.into_iter().filter(fits).collect();
        self.refuse_unknown(given, &known.iter().map(|operator| operator.name()).collect::<Vec<_>>());
        let mut terms = Vec::with_capacity(given.len());
        let mut sound = true;
        for operator in known {
            let Some(value) = given.get(operator.name()) else { continue };
            let term = self.at(operator.name(), value, |reader| reader.answer(asked, operator, value));
            sound &= term.is_some();
            terms.extend(term);
        }
        if sound { build::all(terms) } else { None }
    }

    /// One question with what was given for it.
    pub(super) fn answer(&mut self, asked: &Asked, operator: Operator, value: &Json) -> Option<Node> {
        match operator {
            Operator::Eq if asked.term.ty == Type::Bool => {
                let wanted = self.flag(value)?;
                Some(if wanted { asked.term.clone() } else { build::not(asked.term.clone()) })
            }
            Operator::Eq => self.compared(asked, Comparison::Equal, value),
            Operator::Ne => self.compared(asked, Comparison::NotEqual, value),
            Operator::Lt => self.compared(asked, Comparison::Less, value),
            Operator::Lte => self.compared(asked, Comparison::LessOrEqual, value),
            Operator::Gt => self.compared(asked, Comparison::Greater, value),
            Operator::Gte => self.compared(asked, Comparison::GreaterOrEqual, value),
            Operator::In => self.member(asked, value),
            Operator::NotIn => self.member(asked, value).map(build::not),
            Operator::Between => self.between(asked, value),
            Operator::OlderThan => self.aged(asked, Comparison::LessOrEqual, value),
            Operator::NewerThan => self.aged(asked, Comparison::Greater, value),
            Operator::StartsWith => self.text(asked, Function::StartsWith, value),
            Operator::EndsWith => self.text(asked, Function::EndsWith, value),
            Operator::Contains => self.text(asked, Function::Contains, value),
            Operator::Has => {
                let item = self.literal(item_type(asked)?, value)?;
                self.check_choice(asked, &item)?;
                Some(build::is_in(build::literal(item), asked.term.clone()))
            }
            Operator::Some => self.items(asked, false, value),
            Operator::Every => self.items(asked, true, value),
            Operator::IsEmpty => {
                let op = if self.flag(value)? { Comparison::Equal } else { Comparison::Greater };
                let size = build::call(Function::Size, vec![asked.term.clone()], Type::Int);
                Some(build::compare(op, size, build::literal(Literal::Int(0))))
            }
            Operator::IsMissing => {
                let missing = self.flag(value)?;
                let has = build::leaf(Kind::Has(asked.field?), Type::Bool);
                Some(if missing { build::not(has) } else { has })
            }
        }
    }

    fn compared(&mut self, asked: &Asked, op: Comparison, value: &Json) -> Option<Node> {
        let literal = self.literal(asked.term.ty, value)?;
        self.check_choice(asked, &literal)?;
        Some(build::compare(op, asked.term.clone(), build::literal(literal)))
    }

    fn member(&mut self, asked: &Asked, value: &Json) -> Option<Node> {
        let (list, _) = self.literals(asked.term.ty, value)?;
        if let Literal::List(list) = &list {
            let mut sound = true;
            for (index, item) in list.items().iter().enumerate() {
                sound &=
                    self.at(&index.to_string(), &Json::Bool(true), |reader| reader.check_choice(asked, item)).is_some();
            }
            sound.then_some(())?;
        }
        Some(build::is_in(asked.term.clone(), build::literal(list)))
    }

    fn between(&mut self, asked: &Asked, value: &Json) -> Option<Node> {
        let given = self.object(value, "give `from` and `to`")?;
        self.refuse_unknown(given, &["from", "to"]);
        let from = self.end(asked, given, ("from", Comparison::GreaterOrEqual));
        let to = self.end(asked, given, ("to", Comparison::LessOrEqual));
        build::all(vec![from?, to?])
    }

    fn end(&mut self, asked: &Asked, given: &Map<String, Json>, (name, op): (&str, Comparison)) -> Option<Node> {
        match given.get(name) {
            Some(value) => self.at(name, value, |reader| reader.compared(asked, op, value)),
            None => self.refuse(
                InvalidCode::Required,
                &format!("`{name}` is missing, for an open end ask `gte` or `lte` instead"),
            ),
        }
    }

    /// Compared with the moment that lies so long before now.
    fn aged(&mut self, asked: &Asked, op: Comparison, value: &Json) -> Option<Node> {
        let age = build::literal(self.age(value)?);
        let now = build::leaf(Kind::Field(self.catalog.find("now")?), Type::Timestamp);
        let then = build::combine(Arithmetic::Subtract, now, age, Type::Timestamp);
        Some(build::compare(op, asked.term.clone(), then))
    }

    fn text(&mut self, asked: &Asked, function: Function, value: &Json) -> Option<Node> {
        let part = build::literal(self.literal(Type::Text, value)?);
        Some(build::call(function, vec![asked.term.clone(), part], Type::Bool))
    }

    fn items(&mut self, asked: &Asked, every: bool, value: &Json) -> Option<Node> {
        let item = build::leaf(Kind::Variable { level: 0, name: ITEM.to_owned() }, item_type(asked)?);
        let body = self.questions(&Asked { term: item, field: asked.field, whole: false }, value)?;
        Some(build::quantify(every, ITEM, asked.term.clone(), body))
    }

    /// A text that the field can never be is a mistake.
    fn check_choice(&mut self, asked: &Asked, literal: &Literal) -> Option<()> {
        let field = asked.field.and_then(|id| self.catalog.field(id));
        let (Some(field), Some(text)) = (field, literal.as_text()) else { return Some(()) };
        match never(field, text) {
            Some((message, _)) => self.refuse(InvalidCode::NotAllowed, &message),
            None => Some(()),
        }
    }
}

fn item_type(asked: &Asked) -> Option<Type> {
    match asked.term.ty {
        Type::List(item) => item.ty(),
        _ => None,
    }
}
