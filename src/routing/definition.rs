//! An interface's definition, checked against a tenant's words: what may be saved, and what a plan is made from.
//!
//! Every problem of the whole definition is reported at once.

use crate::domain::error::{Invalid, InvalidCode};
use crate::domain::interface::{CandidateKind, Definition, LIMIT_MAX, Radius, SORT_LEVELS_MAX};
use crate::domain::interface::{Direction, Nulls};
use crate::rules::{Catalog, Checked, Context, Diagnostic, Expect, check};

/// Half way round the globe: nothing is further away.
const RADIUS_KM_MAX: f64 = 20_038.0;

/// A definition whose expressions were checked.
#[derive(Clone, Debug)]
pub struct CheckedDefinition {
    /// None when blank, which matches everybody.
    pub filter: Option<Checked>,
    /// The sort levels, first ones first.
    pub sort: Vec<CheckedLevel>,
    /// How far away a candidate may be.
    pub radius: Radius,
    /// Only candidates in the lead's country.
    pub same_country: bool,
    /// Not those who had a copy of the request before.
    pub exclude_recipients: bool,
    /// At most this many candidates.
    pub limit: u32,
}

/// One checked sort level.
#[derive(Clone, Debug)]
pub struct CheckedLevel {
    /// What gives the key.
    pub key: Checked,
    /// Which end comes first.
    pub direction: Direction,
    /// Where missing keys go.
    pub nulls: Nulls,
}

/// One problem of a definition, with its place in the expression if it is in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionProblem {
    /// As for every refusal; `["sort", "1", "expression"]` is the second level's text.
    pub invalid: Invalid,
    /// For an editor, when the problem is in an expression.
    pub diagnostic: Option<Diagnostic>,
}

/// How expressions over candidates of a kind are checked.
pub const fn context_of(kind: CandidateKind) -> Context {
    match kind {
        CandidateKind::Dealer => Context::CandidateDealer,
        CandidateKind::User => Context::CandidateUser,
    }
}

/// Checks a whole definition.
pub fn check_definition(
    catalog: &Catalog,
    kind: CandidateKind,
    definition: &Definition,
) -> Result<CheckedDefinition, Vec<DefinitionProblem>> {
    let mut problems = check_numbers(definition);
    let context = context_of(kind);
    let filter = match definition.filter.trim() {
        "" => None,
        _ => check(&definition.filter, catalog, context, Expect::Condition)
            .map_err(|found| problems.extend(in_expression(&["filter"], found)))
            .ok(),
    };
    let mut sort = Vec::with_capacity(definition.sort.len());
    for (index, level) in definition.sort.iter().enumerate() {
        match check(&level.expression, catalog, context, Expect::SortKey) {
            Ok(key) => sort.push(CheckedLevel { key, direction: level.direction, nulls: level.nulls }),
            Err(found) => problems.extend(in_expression(&["sort", &index.to_string(), "expression"], found)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let Definition { radius, same_country, exclude_recipients, limit, .. } = *definition;
    Ok(CheckedDefinition { filter, sort, radius, same_country, exclude_recipients, limit })
}

/// The refusals of an expression at `path`: the message begins with line and column, and ends with what may have been meant.
pub fn in_expression(path: &[&str], diagnostics: Vec<Diagnostic>) -> Vec<DefinitionProblem> {
    let problem = |diagnostic: Diagnostic| DefinitionProblem {
        invalid: Invalid {
            path: path.iter().map(|&name| name.to_owned()).collect(),
            code: InvalidCode::Expression,
            message: diagnostic.to_string(),
        },
        diagnostic: Some(diagnostic),
    };
    diagnostics.into_iter().map(problem).collect()
}

fn check_numbers(definition: &Definition) -> Vec<DefinitionProblem> {
    let mut problems = Vec::new();
    let mut refuse = |field, code, message: String| {
        problems.push(DefinitionProblem { invalid: Invalid::new(field, code, message), diagnostic: None });
    };
    if let Radius::Within { km } = definition.radius
        && !(km > 0.0 && km <= RADIUS_KM_MAX)
    {
        let message =
            format!("a radius of {km} km is not above 0 and at most {RADIUS_KM_MAX} km, leave it out for no cut-off");
        refuse("radius", InvalidCode::OutOfRange, message);
    }
    if !(1..=LIMIT_MAX).contains(&definition.limit) {
        let message = format!("a limit of {} is not between 1 and {LIMIT_MAX} candidates", definition.limit);
        refuse("limit", InvalidCode::OutOfRange, message);
    }
    if definition.sort.len() > SORT_LEVELS_MAX {
        let message = format!("{} sort levels are given, at most {SORT_LEVELS_MAX} are allowed", definition.sort.len());
        refuse("sort", InvalidCode::TooLong, message);
    }
    problems
}
