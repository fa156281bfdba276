//! Well-typed expressions from chance: every construct, over every field that a context has.

use baton::rules::{Catalog, Context, FieldSource, Item, Type};

use super::dice::Dice;

/// Makes expressions.
pub struct Terms<'a> {
    dice: &'a mut Dice,
    fields: Vec<(String, Type, Vec<String>)>,
    /// The items at hand, with their types.
    items: Vec<(String, Type)>,
    named: usize,
}

const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
const ZONES: [&str; 5] = ["America/Chicago", "Asia/Kathmandu", "Australia/Lord_Howe", "+05:45", "-11:00"];
const PARTS: [&str; 10] = [
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
];

impl<'a> Terms<'a> {
    pub fn new(dice: &'a mut Dice, catalog: &Catalog, context: Context) -> Self {
        let fields = catalog.visible(context).filter(|(_, field)| !field.computed && field.source != FieldSource::Now);
        let fields = fields.map(|(_, field)| {
            let choices = field.choices.iter().map(|choice| choice.value.clone()).collect();
            (field.path.clone(), field.ty, choices)
        });
        Self { dice, fields: fields.collect(), items: Vec::new(), named: 0 }
    }

    /// A term of a type that can be sorted by.
    pub fn key(&mut self, depth: usize) -> String {
        let ty = self.dice.pick(&[Type::Bool, Type::Int, Type::Double, Type::Text, Type::Timestamp, Type::Duration]);
        self.of(ty, depth)
    }

    fn of(&mut self, ty: Type, depth: usize) -> String {
        if depth > 0 && self.dice.once_in(12) {
            let (condition, then, otherwise) =
                (self.condition(depth - 1), self.of(ty, depth - 1), self.of(ty, depth - 1));
            return format!("({condition} ? {then} : {otherwise})");
        }
        if self.dice.once_in(3)
            && let Some(item) = self.item(ty)
        {
            return item;
        }
        match ty {
            Type::Bool => self.condition(depth),
            Type::Int => self.int(depth),
            Type::Double => self.double(depth),
            Type::Timestamp => self.moment(depth),
            Type::Duration => self.span(depth),
            _ => self.text(depth),
        }
    }

    fn item(&mut self, ty: Type) -> Option<String> {
        let fitting: Vec<String> =
            self.items.iter().filter(|(_, of)| *of == ty).map(|(name, _)| name.clone()).collect();
        (!fitting.is_empty()).then(|| self.dice.pick(&fitting))
    }

    fn field(&mut self, ty: Type) -> Option<String> {
        let fitting: Vec<String> =
            self.fields.iter().filter(|(_, of, _)| *of == ty).map(|(path, ..)| path.clone()).collect();
        (!fitting.is_empty()).then(|| self.dice.pick(&fitting))
    }

    /// A condition.
    pub fn condition(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.dice.below(6) {
                0 => self.dice.pick(&["true", "false", "now.getHours() < 13"]).to_owned(),
                1 | 2 => self.has(),
                3 => self.chosen(),
                _ => self.field(Type::Bool).unwrap_or_else(|| self.has()),
            };
        }
        let deeper = depth - 1;
        match self.dice.below(17) {
            0..=2 => self.joined("&&", deeper),
            3..=5 => self.joined("||", deeper),
            6 => format!("!({})", self.condition(deeper)),
            7 => format!("({}) {} ({})", self.condition(deeper), self.dice.pick(&COMPARISONS), self.condition(deeper)),
            8 => format!("({} {} {})", self.int(deeper), self.dice.pick(&COMPARISONS), self.double(deeper)),
            9 => self.tested_text(deeper),
            10 => self.among(deeper),
            11 => self.quantified(deeper),
            12 => self.lists_compared(deeper),
            13 if self.dice.once_in(3) => format!("(({} + '') == null)", self.text(deeper)),
            14 => self.aged(),
            _ => {
                let ty = self.dice.pick(&[Type::Int, Type::Double, Type::Text, Type::Timestamp, Type::Duration]);
                format!("({} {} {})", self.of(ty, deeper), self.dice.pick(&COMPARISONS), self.of(ty, deeper))
            }
        }
    }

    fn joined(&mut self, op: &str, depth: usize) -> String {
        let terms: Vec<String> = (0..2 + self.dice.below(2)).map(|_| self.condition(depth)).collect();
        format!("({})", terms.join(&format!(" {op} ")))
    }

    fn has(&mut self) -> String {
        let (path, ..) = self.dice.pick(&self.fields.clone());
        format!("has({path})")
    }

    /// A plain comparison of a field with a value that it may have.
    fn chosen(&mut self) -> String {
        let (path, ty, choices) = self.dice.pick(&self.fields.clone());
        let op = self.dice.pick(&COMPARISONS);
        match ty {
            Type::Text if !choices.is_empty() => {
                let (one, two) = (self.dice.pick(&choices), self.dice.pick(&choices));
                if self.dice.once_in(2) {
                    format!("{path} == '{one}'")
                } else {
                    format!("{path} in ['{one}', '{two}']")
                }
            }
            Type::List(_) if !choices.is_empty() => format!("'{}' in {path}", self.dice.pick(&choices)),
            Type::List(_) => format!("{} in {path}", self.quoted()),
            Type::Text if path.ends_with("id") => format!("{path} {op} 'lead_00000000000000000000000000000005'"),
            ty => format!("{path} {op} {}", self.literal(ty)),
        }
    }

    fn tested_text(&mut self, depth: usize) -> String {
        let (text, part) = (self.text(depth), self.text(0));
        match self.dice.below(6) {
            0 => format!("({text}).matches('^{}$')", self.dice.pick(&["Web", "é", "Gold", "100%"])),
            1 => format!("({text}).matches('{}')", self.dice.pick(&["^W", "b$", "e", "\\\\.", ""])),
            _ => format!("({text}).{}({part})", self.dice.pick(&["startsWith", "endsWith", "contains"])),
        }
    }

    fn among(&mut self, depth: usize) -> String {
        let ty = self.dice.pick(&[Type::Int, Type::Double, Type::Text, Type::Timestamp, Type::Duration, Type::Bool]);
        let item = self.of(ty, depth);
        let count = if self.dice.once_in(20) { 200 } else { self.dice.below(5) };
        if self.dice.once_in(3)
            && let Some(list) = (ty == Type::Text).then(|| self.field(Type::List(Item::Text))).flatten()
        {
            return format!("({item} in {list})");
        }
        // Whole numbers may be sought among decimals and the other way round.
        let of = match ty {
            Type::Int if self.dice.once_in(3) => Type::Double,
            Type::Double if self.dice.once_in(3) => Type::Int,
            ty => ty,
        };
        let written = self.dice.once_in(2);
        let items: Vec<String> = (0..count)
            .map(|_| if written || count > 9 { self.literal(of) } else { self.of(of, depth.min(1)) })
            .collect();
        format!("({item} in [{}])", items.join(", "))
    }

    fn quantified(&mut self, depth: usize) -> String {
        let ty = self.dice.pick(&[Type::Int, Type::Double, Type::Text, Type::Timestamp]);
        let list = match self.field(Type::List(Item::Text)) {
            Some(field) if ty == Type::Text && !self.dice.once_in(3) => field,
            _ => {
                let written = self.dice.once_in(2);
                let items: Vec<String> = (0..self.dice.below(4))
                    .map(|_| if written { self.literal(ty) } else { self.of(ty, depth.min(1)) })
                    .collect();
                format!("[{}]", items.join(", "))
            }
        };
        let ty = if list == "[]" { Type::Text } else { ty };
        self.named += 1;
        let name = format!("x{}", self.named);
        self.items.push((name.clone(), ty));
        let body = self.condition(depth);
        self.items.pop();
        format!("{list}.{}({name}, {body})", self.dice.pick(&["all", "exists"]))
    }

    fn lists_compared(&mut self, depth: usize) -> String {
        let ty = self.dice.pick(&[Type::Int, Type::Text, Type::Bool]);
        let count = self.dice.below(3);
        let other = if self.dice.once_in(4) { 1 } else { count };
        let mut list = |count: usize| {
            let items: Vec<String> = (0..count).map(|_| self.of(ty, depth.min(1))).collect();
            items.join(", ")
        };
        let (left, right) = (list(count), list(other));
        format!("([{left}] {} [{right}])", self.dice.pick(&["==", "!="]))
    }

    fn aged(&mut self) -> String {
        let at = self.field(Type::Timestamp).unwrap_or_else(|| "now".to_owned());
        let (op, span) = (self.dice.pick(&COMPARISONS), self.literal(Type::Duration));
        if self.dice.once_in(2) { format!("now - {at} {op} {span}") } else { format!("{span} {op} now - {at}") }
    }

    fn int(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.dice.below(4) {
                0 => self.literal(Type::Int),
                _ => self.field(Type::Int).unwrap_or_else(|| self.literal(Type::Int)),
            };
        }
        let deeper = depth - 1;
        match self.dice.below(12) {
            0..=5 => {
                let op = self.dice.pick(&["+", "-", "*", "/", "%"]);
                let right = if self.dice.once_in(3) { self.literal(Type::Int) } else { self.int(deeper) };
                let (left, right) =
                    if self.dice.once_in(4) { (right, self.int(deeper)) } else { (self.int(deeper), right) };
                format!("({left} {op} {right})")
            }
            6 => format!("-({})", self.int(deeper)),
            7 => format!("size({})", self.text(deeper)),
            8 => match self.field(Type::List(Item::Text)) {
                Some(list) => format!("size({list})"),
                None => format!("size([{}, {}])", self.text(deeper), self.text(deeper)),
            },
            9 if self.dice.once_in(2) => format!("int({})", self.double(deeper)),
            9 => format!("int({})", self.moment(deeper)),
            10 => {
                let zone = if self.dice.once_in(2) { format!("'{}'", self.dice.pick(&ZONES)) } else { String::new() };
                format!("({}).{}({zone})", self.moment(deeper), self.dice.pick(&PARTS))
            }
            _ => format!("({}).{}()", self.span(deeper), self.dice.pick(&PARTS[6..])),
        }
    }

    fn double(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.dice.below(3) {
                0 => self.literal(Type::Double),
                _ => self.field(Type::Double).unwrap_or_else(|| self.literal(Type::Double)),
            };
        }
        let deeper = depth - 1;
        match self.dice.below(8) {
            0 => format!("-({})", self.double(deeper)),
            1 => format!("double({})", self.int(deeper)),
            _ => {
                let (left, right) = (self.double(deeper), self.double(deeper));
                format!("({left} {} {right})", self.dice.pick(&["+", "-", "*", "/"]))
            }
        }
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.dice.below(3) {
                0 => self.quoted(),
                _ => self.field(Type::Text).unwrap_or_else(|| self.quoted()),
            };
        }
        let deeper = depth - 1;
        match self.dice.below(5) {
            0 => format!("({} + {})", self.text(deeper), self.text(deeper)),
            1 => format!("({}).lowerAscii()", self.text(deeper)),
            2 if self.dice.once_in(2) => format!("string({})", self.int(deeper)),
            2 => format!("string({})", self.condition(deeper)),
            _ => self.text(0),
        }
    }

    fn moment(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.dice.below(4) {
                0 => self.literal(Type::Timestamp),
                1 => "now".to_owned(),
                _ => self.field(Type::Timestamp).unwrap_or_else(|| self.literal(Type::Timestamp)),
            };
        }
        let deeper = depth - 1;
        match self.dice.below(4) {
            0 => format!("({} {} {})", self.moment(deeper), self.dice.pick(&["+", "-"]), self.span(deeper)),
            1 => format!("({} + {})", self.span(deeper), self.moment(deeper)),
            2 => format!("timestamp({})", self.int(deeper)),
            _ => self.moment(0),
        }
    }

    fn span(&mut self, depth: usize) -> String {
        if depth == 0 || self.dice.once_in(3) {
            return self.literal(Type::Duration);
        }
        let deeper = depth - 1;
        match self.dice.below(2) {
            0 => format!("({} - {})", self.moment(deeper), self.moment(deeper)),
            _ => format!("({} {} {})", self.span(deeper), self.dice.pick(&["+", "-"]), self.span(deeper)),
        }
    }

    fn literal(&mut self, ty: Type) -> String {
        match ty {
            Type::Bool => self.dice.pick(&["true", "false"]).to_owned(),
            Type::Int => self.dice.int().to_string(),
            Type::Double => format!("{:?}", self.dice.double()),
            Type::Timestamp => {
                let at = baton::domain::Timestamp::from_micros(self.dice.moment());
                format!("timestamp('{at}')")
            }
            Type::Duration => {
                let micros = self.dice.span();
                let (sign, size) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
                format!("duration('{sign}{}.{:06}s')", size / 1_000_000, size % 1_000_000)
            }
            _ => self.quoted(),
        }
    }

    fn quoted(&mut self) -> String {
        let text = if self.dice.once_in(10) { String::new() } else { self.dice.text() };
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}
