//! Where the values of fields stand: columns, tables that are joined only when read, and JSON.
//!
//! What memory reads as missing is null here: a custom value of another type than its definition's, a choice that was taken away, a
//! category's value that has left its group.

use std::collections::BTreeSet;

use sea_orm::Value;

use super::lists::Items;
use super::sql::{Dialect, Sql};
use crate::rules::{Catalog, DealerField, Field, FieldSource, LeadField, Root, Type, UserField};

/// Which table the rows of a list come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Copies: `lead.…`, with `lead.dealer.…` and `lead.owner.…`.
    Leads,
    /// `dealer.…`
    Dealers,
    /// `user.…`
    Users,
}

/// The columns of a copy that SQLite finds in the indexes by which a grid goes where no other serves (migration 18).
const IN_THE_INDEXES: [&str; 4] = ["leads.received_at", "leads.id", "leads.round", "leads.brand"];

/// Conditions, those first that these indexes answer: SQLite asks in the order of the text, and looks a row up for the first that its
/// index does not answer.
pub(super) fn indexed_first(mut conditions: Vec<Sql>) -> Vec<Sql> {
    conditions.sort_by_key(|condition| !condition.reads_only(&IN_THE_INDEXES));
    conditions
}

/// A table beside that of the rows, needed because something of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum Join {
    /// A lead's request.
    Request,
    /// The dealer who has the lead.
    Dealer,
    /// The user who has the lead.
    Owner,
}

/// Reads fields, and remembers which tables that takes.
pub(super) struct Fields<'c> {
    pub(super) dialect: Dialect,
    pub(super) catalog: &'c Catalog,
    rows: Rows,
    joins: BTreeSet<Join>,
}

/// What is wrong with a field here, for messages.
pub(super) const BESIDE_A_LEAD: &str = "it is worked out for a candidate beside a lead, and is stored nowhere";
const NOT_HERE: &str = "these rows do not have it";

impl<'c> Fields<'c> {
    pub(super) fn new(dialect: Dialect, catalog: &'c Catalog, rows: Rows) -> Self {
        Self { dialect, catalog, rows, joins: BTreeSet::new() }
    }

    /// The tables that what was read so far takes.
    pub(super) fn joins(&self) -> &BTreeSet<Join> {
        &self.joins
    }

    /// A field with one value.
    pub(super) fn scalar(&mut self, field: &Field) -> Result<Sql, &'static str> {
        self.reach(field)?;
        let root = field.root;
        Ok(match &field.source {
            FieldSource::Lead(built_in) => self.of_lead(*built_in),
            FieldSource::Dealer(built_in) => self.of_dealer(root, *built_in),
            FieldSource::User(built_in) => self.of_user(root, *built_in),
            FieldSource::Custom(key) => self.custom(root, key, field),
            FieldSource::Category(key) => self.category(root, key),
            FieldSource::CategoryRank(key) => self.category_rank(root, key, field),
            FieldSource::Now => return Err(NOT_HERE),
        })
    }

    /// A field with a list of texts; `alias` names the table of its items.
    pub(super) fn list(&mut self, field: &Field, alias: &str) -> Result<Items, &'static str> {
        self.reach(field)?;
        let present = recipient(field.root).map(|id| Sql::comparison("{0} is not null", &[&id]));
        Ok(match &field.source {
            FieldSource::Dealer(DealerField::Brands) => {
                Items::texts(self.dialect, &self.column(field.root, "brands"), alias, present)
            }
            FieldSource::Dealer(DealerField::Territory) => {
                Items::prefixes(self.dialect, &self.column(field.root, "territory"), alias, present)
            }
            FieldSource::User(UserField::Groups) => groups(field.root, alias, present),
            FieldSource::User(_) => {
                let role = self.column(field.root, "role");
                let from =
                    Sql::closed(&format!("(select lower({{0,}}) as v where {{0}} is not null) as {alias}"), &[&role]);
                Items { from, item: Sql::atom(format!("{alias}.v")), present }
            }
            FieldSource::Custom(key) => self.custom_list(field.root, key, field, alias),
            _ => return Err(NOT_HERE),
        })
    }

    /// Whether the row has a value.
    pub(super) fn has(&mut self, field: &Field) -> Result<Sql, &'static str> {
        if let Type::List(_) = field.ty {
            return Ok(self.list(field, "q0")?.present.unwrap_or_else(|| Sql::atom("true")));
        }
        if let (Some((id, _)), false) = (self.id(field), field.computed) {
            return Ok(Sql::comparison("{0} is not null", &[&id]));
        }
        Ok(Sql::comparison("{0} is not null", &[&self.scalar(field)?]))
    }

    /// The column of a field that is an id, with the id's kind: `dlr` in `dlr_…`.
    pub(super) fn id(&self, field: &Field) -> Option<(Sql, &'static str)> {
        use crate::domain::id::{DealerId, JobId, LeadId, RequestId, UserId};
        let table = match self.rows {
            Rows::Leads => "leads",
            Rows::Dealers => "dealers",
            Rows::Users => "users",
        };
        let (column, kind) = match (&field.source, field.root) {
            (FieldSource::Lead(LeadField::Id), _) => ("id", LeadId::PREFIX),
            (FieldSource::Lead(LeadField::RequestId), _) => ("request_id", RequestId::PREFIX),
            (FieldSource::Lead(LeadField::JobId), _) => ("job_id", JobId::PREFIX),
            (FieldSource::Dealer(DealerField::Id), Root::LeadDealer)
            | (FieldSource::User(UserField::DealerId), Root::User) => ("dealer_id", DealerId::PREFIX),
            (FieldSource::Dealer(DealerField::Id), _) => ("id", DealerId::PREFIX),
            (FieldSource::User(UserField::Id), Root::LeadOwner) => ("user_id", UserId::PREFIX),
            (FieldSource::User(UserField::Id), _) => ("id", UserId::PREFIX),
            _ => return None,
        };
        Some((Sql::atom(format!("{table}.{column}")), kind))
    }

    /// A custom field's stored value as it is, for an index to serve, with the condition that its type is the definition's.
    pub(super) fn custom_raw(&mut self, field: &Field) -> Option<(Sql, Sql)> {
        let FieldSource::Custom(key) = &field.source else { return None };
        self.reach(field).ok()?;
        let object = self.column(field.root, "custom");
        let key = literal_key(key);
        let typed = self.custom_typed(&object, &key, field.ty);
        let raw = match (self.dialect, field.ty) {
            (_, Type::Text) | (Dialect::Sqlite, Type::Int | Type::Double | Type::Bool) => "{0} ->> {1}",
            (Dialect::Postgres, Type::Int | Type::Double | Type::Bool) => "{0} -> {1}",
            _ => return None,
        };
        Some((Sql::open(raw, &[&object, &key]), typed))
    }

    fn reach(&mut self, field: &Field) -> Result<(), &'static str> {
        if field.computed {
            return Err(BESIDE_A_LEAD);
        }
        let own = match self.rows {
            Rows::Leads => matches!(field.root, Root::Lead | Root::LeadDealer | Root::LeadOwner),
            Rows::Dealers => field.root == Root::Dealer,
            Rows::Users => field.root == Root::User,
        };
        if own { Ok(()) } else { Err(NOT_HERE) }
    }

    /// A column of the table that a root's values stand in.
    fn column(&mut self, root: Root, column: &str) -> Sql {
        let table = match root {
            Root::Lead | Root::Now => "leads",
            Root::LeadDealer => self.joined(Join::Dealer),
            Root::LeadOwner => self.joined(Join::Owner),
            Root::Dealer => "dealers",
            Root::User => "users",
        };
        Sql::atom(format!("{table}.{column}"))
    }

    fn joined(&mut self, join: Join) -> &'static str {
        self.joins.insert(join);
        match join {
            Join::Request => "requests",
            Join::Dealer => "dealers",
            Join::Owner => "users",
        }
    }

    fn id_text(&self, field: (Sql, &'static str)) -> Sql {
        let (id, kind) = field;
        match self.dialect {
            Dialect::Postgres => Sql::open(&format!("'{kind}_' || replace(cast({{0,}} as text), '-', '')"), &[&id]),
            // There `hex` of null is an empty text.
            Dialect::Sqlite => {
                Sql::closed(&format!("case when {{0}} is not null then '{kind}_' || lower(hex({{0,}})) end"), &[&id])
            }
        }
    }

    fn of_lead(&mut self, field: LeadField) -> Sql {
        let name = match field {
            LeadField::Product
            | LeadField::Interest
            | LeadField::Country
            | LeadField::PostalCode
            | LeadField::Region
            | LeadField::City => {
                let requests = self.joined(Join::Request);
                return Sql::atom(format!("{requests}.{}", column_name(LeadField::ALL, field)));
            }
            LeadField::Id => return self.id_text((Sql::atom("leads.id"), crate::domain::id::LeadId::PREFIX)),
            LeadField::RequestId => {
                return self.id_text((Sql::atom("leads.request_id"), crate::domain::id::RequestId::PREFIX));
            }
            LeadField::JobId => return self.id_text((Sql::atom("leads.job_id"), crate::domain::id::JobId::PREFIX)),
            LeadField::State
            | LeadField::Round
            | LeadField::Source
            | LeadField::Campaign
            | LeadField::Language
            | LeadField::Visibility
            | LeadField::Alert
            | LeadField::Brand
            | LeadField::FileType
            | LeadField::WorkflowStatus
            | LeadField::FollowUpStatus
            | LeadField::Progress
            | LeadField::ReceivedAt
            | LeadField::OfferedAt
            | LeadField::AcknowledgedAt
            | LeadField::CreatedAt
            | LeadField::UpdatedAt
            | LeadField::ExcludedFromAutomation
            | LeadField::Exception => column_name(LeadField::ALL, field),
        };
        Sql::atom(format!("leads.{name}"))
    }

    fn of_dealer(&mut self, root: Root, field: DealerField) -> Sql {
        match field {
            DealerField::Id => {
                let id = recipient(root).unwrap_or_else(|| Sql::atom("dealers.id"));
                self.id_text((id, crate::domain::id::DealerId::PREFIX))
            }
            DealerField::SubNumber => Sql::closed("nullif({0,}, '')", &[&self.column(root, "sub_number")]),
            _ => self.column(root, column_name(DealerField::ALL, field)),
        }
    }

    fn of_user(&mut self, root: Root, field: UserField) -> Sql {
        match field {
            UserField::Id => {
                let id = recipient(root).unwrap_or_else(|| Sql::atom("users.id"));
                self.id_text((id, crate::domain::id::UserId::PREFIX))
            }
            UserField::DealerId => {
                let id = self.column(root, "dealer_id");
                self.id_text((id, crate::domain::id::DealerId::PREFIX))
            }
            _ => self.column(root, column_name(UserField::ALL, field)),
        }
    }

    fn category(&mut self, root: Root, key: &str) -> Sql {
        Sql::open("{0} ->> {1}", &[&self.column(root, "categories"), &literal_key(key)])
    }

    fn category_rank(&mut self, root: Root, key: &str, field: &Field) -> Sql {
        let category = self.category(root, key);
        let path = format!("{}.category.{key}", field.root.path());
        let group = self.catalog.find(&path).and_then(|id| self.catalog.field(id));
        let values: Vec<Sql> = group
            .into_iter()
            .flat_map(|group| &group.choices)
            .map(|choice| Sql::bound(choice.value.as_str()))
            .collect();
        if values.is_empty() {
            return Sql::atom("cast(null as bigint)");
        }
        let whens: Vec<String> = (0..values.len()).map(|rank| format!("when {{{}}} then {rank}", rank + 1)).collect();
        let template = format!("cast(case {{0,}} {} end as bigint)", whens.join(" "));
        let parts: Vec<&Sql> = std::iter::once(&category).chain(&values).collect();
        Sql::closed(&template, &parts)
    }

    /// A custom value of one type, null where the stored one is of another.
    fn custom(&mut self, root: Root, key: &str, field: &Field) -> Sql {
        let object = self.column(root, "custom");
        let key = literal_key(key);
        let typed = self.custom_typed(&object, &key, field.ty);
        let template = match (self.dialect, field.ty) {
            (Dialect::Postgres, Type::Int) => "case when {2,} then cast({0} -> {1} as bigint) end",
            (Dialect::Postgres, Type::Double) => "case when {2,} then cast({0} -> {1} as double precision) end",
            (Dialect::Postgres, Type::Bool) => "case when {2,} then cast({0} -> {1} as boolean) end",
            // A day is a moment without a time of day; without a zone both are read as they stand, which is UTC.
            (Dialect::Postgres, Type::Timestamp) => {
                "case when {2,} then cast(extract(epoch from cast({0} ->> {1} as timestamp)) * 1000000 as bigint) end"
            }
            (Dialect::Sqlite, Type::Timestamp) => {
                "case when {2,} then unixepoch(substr({0} ->> {1}, 1, 19)) * 1000000 \
                 + cast(substr({0} ->> {1}, 21, 6) as integer) end"
            }
            _ if !field.choices.is_empty() => "case when {2;} and {0} ->> {1} in ({3,}) then {0} ->> {1} end",
            _ => "case when {2,} then {0} ->> {1} end",
        };
        let choices: Vec<Sql> = field.choices.iter().map(|choice| Sql::bound(choice.value.as_str())).collect();
        Sql::closed(template, &[&object, &key, &typed, &Sql::listed(&choices)])
    }

    /// Whether a custom value is stored in its definition's type.
    fn custom_typed(&self, object: &Sql, key: &Sql, ty: Type) -> Sql {
        let template = match (self.dialect, ty) {
            (Dialect::Postgres, Type::Int | Type::Double) => "jsonb_typeof({0} -> {1}) = 'number'",
            (Dialect::Postgres, Type::Bool) => "jsonb_typeof({0} -> {1}) = 'boolean'",
            (Dialect::Postgres, Type::List(_)) => "jsonb_typeof({0} -> {1}) = 'array'",
            (Dialect::Postgres, _) => "jsonb_typeof({0} -> {1}) = 'string'",
            (Dialect::Sqlite, Type::Int) => "json_type({0} -> {1}) = 'integer'",
            (Dialect::Sqlite, Type::Double) => "json_type({0} -> {1}) = 'real'",
            (Dialect::Sqlite, Type::Bool) => "json_type({0} -> {1}) in ('true', 'false')",
            (Dialect::Sqlite, Type::List(_)) => "json_type({0} -> {1}) = 'array'",
            (Dialect::Sqlite, _) => "json_type({0} -> {1}) = 'text'",
        };
        Sql::comparison(template, &[object, key])
    }

    /// The choices that are stored; none at all if one of them was taken away.
    fn custom_list(&mut self, root: Root, key: &str, field: &Field, alias: &str) -> Items {
        let object = self.column(root, "custom");
        let key = literal_key(key);
        let typed = self.custom_typed(&object, &key, field.ty);
        let stored = Sql::open("{0} -> {1}", &[&object, &key]);
        let known = match self.dialect {
            Dialect::Postgres => {
                let choices: Vec<&str> = field.choices.iter().map(|choice| choice.value.as_str()).collect();
                let choices = Sql::bound(Value::from(serde_json::json!(choices).to_string()));
                Sql::comparison("{0} <@ cast({1,} as jsonb)", &[&stored, &choices])
            }
            Dialect::Sqlite => {
                let choices: Vec<Sql> = field.choices.iter().map(|choice| Sql::bound(choice.value.as_str())).collect();
                let unknown = "not exists (select 1 from json_each({0,}) as c where c.value not in ({1,}))";
                Sql::comparison(unknown, &[&stored, &Sql::listed(&choices)])
            }
        };
        let array = Sql::closed("case when {1;} and {2;} then {0,} end", &[&stored, &typed, &known]);
        let present = Sql::comparison("{0} is not null", &[&array]);
        Items::texts(self.dialect, &array, alias, Some(present))
    }
}

/// Who has the lead, for a root that a lead may be without.
fn recipient(root: Root) -> Option<Sql> {
    match root {
        Root::LeadDealer => Some(Sql::atom("leads.dealer_id")),
        Root::LeadOwner => Some(Sql::atom("leads.user_id")),
        _ => None,
    }
}

fn groups(root: Root, alias: &str, present: Option<Sql>) -> Items {
    let (tenant, user) = match root {
        Root::LeadOwner => ("leads.tenant_id", "leads.user_id"),
        _ => ("users.tenant_id", "users.id"),
    };
    let from = format!(
        "(select groups.name as v from memberships join groups on groups.tenant_id = memberships.tenant_id \
         and groups.id = memberships.group_id where memberships.tenant_id = {tenant} \
         and memberships.user_id = {user}) as {alias}"
    );
    Items { from: Sql::closed(&from, &[]), item: Sql::atom(format!("{alias}.v")), present }
}

/// A key of a JSON object, written out so that an index on it is found. Only what keys are made of gets through.
fn literal_key(key: &str) -> Sql {
    let sound = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_';
    Sql::atom(format!("'{}'", key.chars().filter(sound).collect::<String>()))
}

/// Built-in fields are named after their columns.
fn column_name<F: PartialEq>(table: &[crate::rules::builtin::BuiltIn<F>], field: F) -> &'static str {
    table.iter().find(|line| line.field == field).map_or("", |line| line.name)
}
