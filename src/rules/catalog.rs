//! The names that an expression may use: built-in fields, the tenant's custom fields and categories, each with its type.
//!
//! A catalog is built once per tenant and change of its definitions. It holds no values and never fetches anything.

use std::collections::HashMap;

use crate::domain::field::{Choice, FieldDefinition, FieldType, Subject, nearest};

use super::builtin::{BuiltIn, DealerField, LeadField, UserField};
use super::tree::{Item, Type};

/// A field by its place in its catalog: dense, so values can be kept in a plain array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u16);

impl FieldId {
    /// The place in [`Catalog::fields`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Whose field it is, seen from the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// `lead.…`
    Lead,
    /// `lead.dealer.…`: the dealer that has the lead.
    LeadDealer,
    /// `lead.owner.…`: the user that has the lead.
    LeadOwner,
    /// `dealer.…`: the candidate.
    Dealer,
    /// `user.…`: the candidate.
    User,
    /// `now`
    Now,
}

impl Root {
    /// How paths of this root begin.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::LeadDealer => "lead.dealer",
            Self::LeadOwner => "lead.owner",
            Self::Dealer => "dealer",
            Self::User => "user",
            Self::Now => "now",
        }
    }

    /// The subject whose custom fields it has.
    pub const fn subject(self) -> Option<Subject> {
        match self {
            Self::Lead => Some(Subject::Lead),
            Self::Dealer | Self::LeadDealer => Some(Subject::Dealer),
            Self::User | Self::LeadOwner => Some(Subject::User),
            Self::Now => None,
        }
    }

    /// Whether a row of this root may be absent as a whole.
    const fn is_relation(self) -> bool {
        matches!(self, Self::LeadDealer | Self::LeadOwner)
    }
}

/// Where an expression stands, hence which variables it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Filter or sort of an interface over dealers: `dealer` with its computed fields, `lead`, `now`.
    CandidateDealer,
    /// Filter or sort of an interface over users: `user` with its computed fields, `lead`, `now`.
    CandidateUser,
    /// A condition over leads: `lead` with `lead.dealer` and `lead.owner`, `now`.
    LeadCondition,
    /// A condition over dealers, for grids: `dealer`, `now`. Without the computed fields, which need a lead.
    DealerCondition,
    /// A condition over users, for grids: `user`, `now`. Without the computed fields, which need a lead.
    UserCondition,
}

impl Context {
    /// Whether the expression may read this field.
    pub const fn allows(self, field: &Field) -> bool {
        self.has(field.root) && (self.has(Root::Lead) || !field.computed)
    }

    /// Whether the expression has fields of this root.
    pub(super) const fn has(self, root: Root) -> bool {
        match root {
            Root::Lead | Root::LeadDealer | Root::LeadOwner => {
                matches!(self, Self::CandidateDealer | Self::CandidateUser | Self::LeadCondition)
            }
            Root::Dealer => matches!(self, Self::CandidateDealer | Self::DealerCondition),
            Root::User => matches!(self, Self::CandidateUser | Self::UserCondition),
            Root::Now => true,
        }
    }

    /// Whose rows it is about.
    pub const fn row(self) -> Root {
        match self {
            Self::CandidateDealer | Self::DealerCondition => Root::Dealer,
            Self::CandidateUser | Self::UserCondition => Root::User,
            Self::LeadCondition => Root::Lead,
        }
    }

    /// The variables, for messages.
    pub(super) const fn variables(self) -> &'static str {
        match self {
            Self::CandidateDealer => "`dealer`, `lead` and `now`",
            Self::CandidateUser => "`user`, `lead` and `now`",
            Self::LeadCondition => "`lead` and `now`",
            Self::DealerCondition => "`dealer` and `now`",
            Self::UserCondition => "`user` and `now`",
        }
    }
}

/// Where a field's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldSource {
    /// A built-in field of a lead.
    Lead(LeadField),
    /// A built-in field of a dealer.
    Dealer(DealerField),
    /// A built-in field of a user.
    User(UserField),
    /// The custom field with this key. A date reads as the moment at which it begins in UTC.
    Custom(String),
    /// The value of the category group with this key.
    Category(String),
    /// The place of that value in its group's order, 0 for the first.
    CategoryRank(String),
    /// The moment of evaluation.
    Now,
}

/// A field that an expression can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its whole name: `dealer.custom.ev`.
    pub path: String,
    /// Whose it is.
    pub root: Root,
    /// Where its value comes from.
    pub source: FieldSource,
    /// The type of its values.
    pub ty: Type,
    /// Whether a row may have no value.
    pub nullable: bool,
    /// Whether the value is worked out for a candidate, rather than stored.
    pub computed: bool,
    /// The only values it can take, in order; empty when any will do.
    pub choices: Vec<Choice>,
    /// One sentence for people.
    pub description: String,
}

/// An ordered category group of dealers, such as tier = Gold, Silver, Bronze.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryGroup {
    /// The name in expressions: `dealer.category.<key>`.
    pub key: String,
    /// The name for people.
    pub label: String,
    /// The values, first ones first.
    pub values: Vec<String>,
}

/// What a tenant's catalog is made of, beside the built-in fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatalogParts<'a> {
    /// Custom fields of every subject, archived ones included.
    pub fields: &'a [FieldDefinition],
    /// Category groups of dealers.
    pub categories: &'a [CategoryGroup],
}

/// All fields of one tenant. Expressions mean the same over two that are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    fields: Vec<Field>,
    by_path: HashMap<String, FieldId>,
    /// Paths of archived custom fields: known, but not usable.
    archived: Vec<String>,
}

impl Catalog {
    /// The catalog of a tenant with these custom fields and categories.
    pub fn new(parts: CatalogParts<'_>) -> Self {
        let mut catalog = Self { fields: Vec::new(), by_path: HashMap::new(), archived: Vec::new() };
        for root in [Root::Lead, Root::LeadDealer, Root::LeadOwner, Root::Dealer, Root::User, Root::Now] {
            catalog.add_root(root, parts);
        }
        catalog
    }

    /// Every field, in the order of their ids.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field with this id; `None` for an id of another catalog.
    pub fn field(&self, id: FieldId) -> Option<&Field> {
        self.fields.get(id.index())
    }

    /// The field with this whole path.
    pub fn find(&self, path: &str) -> Option<FieldId> {
        self.by_path.get(path).copied()
    }

    /// The fields that an expression of this context may name, with their ids.
    pub fn visible(&self, context: Context) -> impl Iterator<Item = (FieldId, &Field)> {
        let numbered = self.fields.iter().enumerate().map(|(index, field)| (FieldId(index as u16), field));
        numbered.filter(move |(_, field)| context.allows(field))
    }

    /// Whether a custom field of this path exists but is archived.
    pub(super) fn is_archived(&self, path: &str) -> bool {
        self.archived.iter().any(|archived| archived == path)
    }

    /// A visible field below `prefix` (`dealer.custom`), as an example of what could follow.
    pub(super) fn example_below(&self, context: Context, prefix: &str) -> Option<&str> {
        let below = |path: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
        self.visible(context).map(|(_, field)| field.path.as_str()).find(|path| below(path))
    }

    /// The visible path that is most like `path`.
    pub(super) fn nearest(&self, context: Context, path: &str) -> Option<&str> {
        // Only the last name is usually mistyped: a field below the same parent is nearer than any other.
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let siblings = self.visible(context).filter_map(|(_, field)| {
            let (own_parent, name) = field.path.rsplit_once('.')?;
            (own_parent == parent).then_some(name)
        });
        let last = path.rsplit('.').next().unwrap_or(path);
        if let Some(name) = nearest(last, siblings) {
            let full = format!("{parent}.{name}");
            return self.find(&full).and_then(|id| self.field(id)).map(|field| field.path.as_str());
        }
        nearest(path, self.visible(context).map(|(_, field)| field.path.as_str()))
    }

    fn add_root(&mut self, root: Root, parts: CatalogParts<'_>) {
        match root {
            Root::Lead => self.add_built_in(root, LeadField::ALL, FieldSource::Lead),
            Root::Dealer | Root::LeadDealer => {
                self.add_built_in(root, DealerField::ALL, FieldSource::Dealer);
                self.add_categories(root, parts.categories);
            }
            Root::User | Root::LeadOwner => self.add_built_in(root, UserField::ALL, FieldSource::User),
            Root::Now => self.add(Field {
                path: "now".to_owned(),
                root,
                source: FieldSource::Now,
                ty: Type::Timestamp,
                nullable: false,
                computed: false,
                choices: Vec::new(),
                description: "The moment at which the expression is evaluated.".to_owned(),
            }),
        }
        for definition in parts.fields.iter().filter(|field| root.subject() == Some(field.subject())) {
            self.add_custom(root, definition);
        }
    }

    fn add_built_in<F: Copy>(&mut self, root: Root, table: &[BuiltIn<F>], source: fn(F) -> FieldSource) {
        for line in table.iter().filter(|line| !(root.is_relation() && line.computed)) {
            self.add(Field {
                path: format!("{}.{}", root.path(), line.name),
                root,
                source: source(line.field),
                ty: line.ty,
                nullable: line.nullable || root.is_relation(),
                computed: line.computed,
                choices: line.choices.iter().map(|value| unlabelled(value)).collect(),
                description: line.description.to_owned(),
            });
        }
    }

    fn add_categories(&mut self, root: Root, groups: &[CategoryGroup]) {
        for group in groups {
            let category = Field {
                path: format!("{}.category.{}", root.path(), group.key),
                root,
                source: FieldSource::Category(group.key.clone()),
                ty: Type::Text,
                nullable: true,
                computed: false,
                choices: group.values.iter().map(|value| unlabelled(value)).collect(),
                description: format!("{}.", group.label),
            };
            let rank = Field {
                path: format!("{}.category_rank.{}", root.path(), group.key),
                source: FieldSource::CategoryRank(group.key.clone()),
                ty: Type::Int,
                choices: Vec::new(),
                description: format!("The place of {} in its order, 0 for the first.", group.label),
                ..category.clone()
            };
            self.add(category);
            self.add(rank);
        }
    }

    fn add_custom(&mut self, root: Root, definition: &FieldDefinition) {
        let path = format!("{}.custom.{}", root.path(), definition.key());
        if definition.archived() {
            self.archived.push(path);
            return;
        }
        self.add(Field {
            path,
            root,
            source: FieldSource::Custom(definition.key().to_owned()),
            ty: custom_type(definition.field_type()),
            nullable: true,
            computed: false,
            choices: definition.choices().to_vec(),
            description: format!("{}.", definition.label()),
        });
    }

    fn add(&mut self, field: Field) {
        // INVARIANT: ids are places in `fields`. The limits on definitions keep their number far below 65,536.
        let id = FieldId(self.fields.len() as u16);
        self.by_path.insert(field.path.clone(), id);
        self.fields.push(field);
    }
}

/// The type that values of a custom field have in expressions.
const fn custom_type(field_type: FieldType) -> Type {
    match field_type {
        FieldType::Text | FieldType::Choice => Type::Text,
        FieldType::Integer => Type::Int,
        FieldType::Decimal => Type::Double,
        FieldType::Boolean => Type::Bool,
        FieldType::Date | FieldType::DateTime => Type::Timestamp,
        FieldType::MultiChoice => Type::List(Item::Text),
    }
}

fn unlabelled(value: &str) -> Choice {
    Choice { value: value.to_owned(), label: value.to_owned() }
}
