//! A grid's `where` and `filter` as they come in, and the rule that they make.

use std::borrow::Cow;

use async_graphql::registry::Registry;
use async_graphql::{ErrorExtensions, InputType, InputValueError, InputValueResult, OneofObject, Value};
use serde_json::Value as Json;

use super::shape;
use crate::actions::sight::refuse_hidden;
use crate::domain::Invalid;
use crate::graphql::connection::bad_input;
use crate::graphql::session::{Session, forbidden};
use crate::rules::{self, Catalog, Checked, Context, Diagnostic, Expect, Root, typed};
use crate::store::rule::{Pushed, Rows};

macro_rules! typed_input {
    ($(#[$doc:meta])* $name:ident, $root:expr) => {
        $(#[$doc])*
        pub struct $name(pub Json);

        impl InputType for $name {
            type RawValueType = Json;

            fn type_name() -> Cow<'static, str> {
                Cow::Borrowed(shape::name_of($root))
            }

            fn create_type_info(registry: &mut Registry) -> String {
                shape::register(registry);
                Self::qualified_type_name()
            }

            fn parse(value: Option<Value>) -> InputValueResult<Self> {
                value.unwrap_or_default().into_json().map(Self).map_err(InputValueError::custom)
            }

            fn to_value(&self) -> Value {
                Value::from_json(self.0.clone()).unwrap_or_default()
            }

            fn as_raw_value(&self) -> Option<&Json> {
                Some(&self.0)
            }
        }
    };
}

typed_input! {
    /// Which leads are wanted, not yet read.
    LeadWhere, Root::Lead
}
typed_input! {
    /// Which dealers are wanted, not yet read.
    DealerWhere, Root::Dealer
}
typed_input! {
    /// Which users are wanted, not yet read.
    UserWhere, Root::User
}

/// Which rows of a grid are wanted: exactly one of these.
#[derive(OneofObject)]
pub enum GridWhere {
    /// Of the leads.
    Leads(LeadWhere),
    /// Of the dealers.
    Dealers(DealerWhere),
    /// Of the users.
    Users(UserWhere),
}

impl GridWhere {
    /// The input, and where the rule that it makes stands.
    pub fn parts(&self) -> (&Json, Context) {
        match self {
            Self::Leads(wanted) => (&wanted.0, Context::LeadCondition),
            Self::Dealers(wanted) => (&wanted.0, Context::DealerCondition),
            Self::Users(wanted) => (&wanted.0, Context::UserCondition),
        }
    }
}

/// Which rows of a grid are wanted, as the caller says it.
pub enum Wanted {
    /// All that the caller may see.
    All,
    /// By the typed input.
    Typed(Json),
    /// By an expression.
    Text(String),
}

impl Wanted {
    /// From the two arguments, of which at most one may be given.
    pub fn of(typed: Option<Json>, text: Option<String>) -> async_graphql::Result<Self> {
        match (typed, text) {
            (None, None) => Ok(Self::All),
            (Some(typed), None) => Ok(Self::Typed(typed)),
            (None, Some(text)) => Ok(Self::Text(text)),
            (Some(_), Some(_)) => Err(bad_input("give either `where` or `filter`, not both".to_owned())),
        }
    }

    /// The rule for the database; `None` for all rows. What is wrong is told as the caller's error, each problem with its place,
    /// and a field that the caller can't see can't be asked either.
    pub async fn pushed(self, session: &Session, context: Context) -> async_graphql::Result<Option<Pushed>> {
        if matches!(self, Self::All) {
            return Ok(None);
        }
        let argument = if matches!(self, Self::Typed(_)) { "where" } else { "filter" };
        let catalog = session.actions.catalogs.load(session.reader(), session.scope.tenant).await?;
        let Some(rule) = self.checked(session, &catalog, context)? else { return Ok(None) };
        let now = session.actions.clock.now();
        let pushed = Pushed::condition(session.reader(), (&rule, &catalog), rows_of(context), now);
        pushed.map(Some).map_err(|problems| unsound(argument, &problems))
    }

    /// The rule, checked against the tenant's words, that the caller may ask; `None` for all rows.
    pub fn checked(
        self,
        session: &Session,
        catalog: &Catalog,
        context: Context,
    ) -> async_graphql::Result<Option<Checked>> {
        let rule = match self {
            Self::All => return Ok(None),
            Self::Typed(input) => typed::read(&input, catalog, context).map_err(refused)?,
            Self::Text(text) => rules::check(&text, catalog, context, Expect::Condition)
                .map_err(|problems| unsound("filter", &problems))?,
        };
        refuse_hidden(&session.actor, &rule).map_err(|problem| forbidden(problem.message))?;
        Ok(Some(rule))
    }
}

/// The rows that a grid's rule is about.
pub fn rows_of(context: Context) -> Rows {
    match context.row() {
        Root::Dealer | Root::LeadDealer => Rows::Dealers,
        Root::User | Root::LeadOwner => Rows::Users,
        Root::Lead | Root::Now => Rows::Leads,
    }
}

/// Everything that is wrong with a typed input, each problem with its path.
fn refused(problems: Vec<Invalid>) -> async_graphql::Error {
    let problems: Vec<Invalid> = problems.into_iter().map(|problem| problem.under("where")).collect();
    let told = |problem: &Invalid| format!("{}: {}", problem.path.join("."), problem.message);
    let message = problems.iter().map(told).collect::<Vec<_>>().join("; ");
    with_problems(message, &problems)
}

/// Everything that is wrong with an expression, each problem with its place.
fn unsound(argument: &str, problems: &[Diagnostic]) -> async_graphql::Error {
    let told = |problem: &Diagnostic| format!("{argument}: {problem}");
    with_problems(problems.iter().map(told).collect::<Vec<_>>().join("; "), problems)
}

fn with_problems<T: serde::Serialize>(message: String, problems: &[T]) -> async_graphql::Error {
    let listed = serde_json::to_value(problems).ok().and_then(|json| Value::from_json(json).ok());
    bad_input(message).extend_with(|_, extensions| extensions.set("problems", listed.unwrap_or_default()))
}

/// The beginning of a name or address, for a grid's `search`.
pub fn search_text(text: Option<&str>) -> async_graphql::Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let told = |problem: Invalid| bad_input(problem.message);
    let text = crate::domain::error::text("search", text, 200).map_err(told)?;
    if text.chars().count() < 2 {
        return Err(bad_input("search: give at least two characters".to_owned()));
    }
    Ok(Some(text))
}
