//! A list's filter as somebody gives it, and the canonical text that is kept of it.

use serde_json::Value as Json;

use crate::domain::{Invalid, InvalidCode};
use crate::routing::in_expression;
use crate::rules::{self, Catalog, Checked, Context, Diagnostic, Expect, typed};
use crate::store::rule::{Rows, refusals};

/// Which leads of the base set are wanted, as somebody gives it.
#[derive(Clone, Debug)]
pub enum GivenFilter {
    /// All of them.
    All,
    /// By the typed input `where`.
    Typed(Json),
    /// By CEL text over `lead` and `now`.
    Text(String),
}

impl GivenFilter {
    /// From the two ways of giving it, of which at most one may be taken.
    pub fn of(typed: Option<Json>, text: Option<String>) -> Result<Self, Invalid> {
        match (typed, text) {
            (None, None) => Ok(Self::All),
            (Some(typed), None) => Ok(Self::Typed(typed)),
            (None, Some(text)) => Ok(Self::Text(text)),
            (Some(_), Some(_)) => {
                Err(Invalid::new("filter", InvalidCode::NotAllowed, "give either `where` or `filter`, not both"))
            }
        }
    }

    /// A filter as it is kept: canonical text, empty for all.
    pub fn kept(text: &str) -> Self {
        if text.is_empty() { Self::All } else { Self::Text(text.to_owned()) }
    }

    /// The filter, checked; refused with every problem and its place, also where the database can't be asked it exactly.
    pub fn check(&self, catalog: &Catalog) -> Result<Option<Checked>, Vec<Invalid>> {
        let context = Context::LeadCondition;
        let told = |argument: &str, problems: Vec<Diagnostic>| -> Vec<Invalid> {
            in_expression(&[argument], problems).into_iter().map(|problem| problem.invalid).collect()
        };
        let (argument, rule) = match self {
            Self::All => return Ok(None),
            Self::Typed(input) => {
                let under = |problem: Invalid| problem.under("where");
                let read = typed::read(input, catalog, context);
                ("where", read.map_err(|problems| problems.into_iter().map(under).collect::<Vec<_>>())?)
            }
            Self::Text(text) => {
                let rule = rules::check(text, catalog, context, Expect::Condition);
                ("filter", rule.map_err(|problems| told("filter", problems))?)
            }
        };
        match refusals(&rule, catalog, Rows::Leads) {
            none if none.is_empty() => Ok(Some(rule)),
            problems => Err(told(argument, problems)),
        }
    }
}
