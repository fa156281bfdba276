//! Help for whoever writes an expression: which names there are, and what is wrong with a text.

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::actions::interfaces::DefinitionProblem;
use crate::actions::interfaces::check;
use crate::actions::{ActionError, Permission};
use crate::graphql::payload::UserError;
use crate::graphql::session::{Ctx, permitted};
use crate::graphql::wanted::{GridWhere, rows_of};
use crate::rules::typed::Operator;
use crate::rules::{self, Catalog, Checked, Expect, FieldId, Type};
use crate::store::rule::refusals;

/// Where an expression stands, hence which variables it has.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::rules::Context")]
pub enum ExpressionContext {
    /// Filter or sort of an interface over dealers: `dealer`, `lead` and `now`.
    CandidateDealer,
    /// Filter or sort of an interface over users: `user`, `lead` and `now`.
    CandidateUser,
    /// Condition of a job or filter of leads: `lead` with `lead.dealer` and `lead.owner`, and `now`.
    LeadCondition,
    /// Filter of dealers: `dealer` without the fields that are worked out beside a lead, and `now`.
    DealerCondition,
    /// Filter of users: `user` without the fields that are worked out beside a lead, and `now`.
    UserCondition,
}

/// What an expression is for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionUse {
    /// True or false: a filter or a condition.
    Condition,
    /// One value with an order: a sort level.
    SortKey,
}

/// One problem of an expression.
#[derive(SimpleObject)]
pub struct ExpressionDiagnostic {
    /// Where in `input` the expression stands, such as `["definition", "sort", "1", "expression"]`; empty for a lone expression.
    path: Vec<String>,
    /// The line on which the term begins, from 1.
    line: i32,
    /// The character in that line at which the term begins, from 1.
    column: i32,
    /// How many characters the term has; 0 at the end of the text.
    length: i32,
    /// What is wrong and what to do.
    message: String,
    /// What could stand in the term's place.
    suggestion: Option<String>,
}

/// The type of a field's values.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionFieldType {
    /// A text, or a choice; asked with `TextWhere`.
    Text,
    /// A whole number of 64 bits; asked with `IntegerWhere`.
    Integer,
    /// A decimal number; asked with `DecimalWhere`.
    Decimal,
    /// True or false; asked with `BooleanWhere`.
    Boolean,
    /// A moment, or a date; asked with `MomentWhere`.
    Moment,
    /// A list of texts; asked with `TextsWhere`.
    Texts,
}

/// What can be asked of a field.
#[derive(SimpleObject)]
pub struct ExpressionOperator {
    /// Its name in a `where`.
    name: &'static str,
    /// One sentence for people.
    description: &'static str,
    /// The same question as CEL text, with a value made up.
    example: String,
}

/// A field that expressions can name.
#[derive(SimpleObject)]
pub struct ExpressionField {
    /// Its whole name: `dealer.custom.ev`.
    path: String,
    /// The type of its values.
    #[graphql(name = "type")]
    field_type: ExpressionFieldType,
    /// The type of its values, in words.
    value_type: String,
    /// Whether it may have no value: then a term that reads it is unknown, and does not match.
    nullable: bool,
    /// Whether it is worked out for a candidate rather than stored.
    computed: bool,
    /// The only values it can take; empty when any will do.
    choices: Vec<String>,
    /// One sentence for people.
    description: String,
    /// What can be asked of it, in the order in which builders show it.
    operators: Vec<ExpressionOperator>,
    /// A condition that asks for it, as CEL text.
    example: String,
}

/// What came of checking an expression.
#[derive(SimpleObject)]
pub struct ExpressionCheck {
    /// The expression in its canonical form; null when something is wrong with it.
    canonical: Option<String>,
    /// The terms that all have to hold, as exclusions are counted by.
    terms: Vec<String>,
    /// The fields that it reads.
    reads: Vec<String>,
    /// Everything that is wrong, in the order of the text.
    diagnostics: Vec<ExpressionDiagnostic>,
    /// What keeps a grid from taking it as its filter, although it says something: the database can't be asked it exactly.
    grid_diagnostics: Vec<ExpressionDiagnostic>,
}

/// What came of checking a typed input.
#[derive(SimpleObject)]
pub struct WhereCheck {
    /// The same condition as CEL text in its canonical form; null when something is wrong with it.
    canonical: Option<String>,
    /// The terms that all have to hold.
    terms: Vec<String>,
    /// The fields that it reads.
    reads: Vec<String>,
    /// Everything that is wrong, with its path inside `where`.
    user_errors: Vec<UserError>,
}

/// Help with expressions.
#[derive(Default)]
pub struct ExpressionQuery;

/// Help with expressions.
#[Object]
impl ExpressionQuery {
    /// The fields that an expression may name, your own custom fields and categories among them. Needs the role admin, manager or
    /// auditor.
    async fn expression_fields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where the expression stands.")] context: ExpressionContext,
    ) -> async_graphql::Result<Vec<ExpressionField>> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let catalog = session.actions.catalogs.load(session.reader(), session.scope.tenant).await?;
        let context = context.into();
        Ok(catalog.visible(context).map(|(id, found)| described(id, found, &catalog, context)).collect())
    }

    /// What is wrong with an expression, or its canonical form. Needs the role admin, manager or auditor.
    async fn check_expression(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "CEL text, at most 16 KiB.")] text: String,
        #[graphql(desc = "Where it stands.")] context: ExpressionContext,
        #[graphql(desc = "What it is for.", default_with = "ExpressionUse::Condition")] expected: ExpressionUse,
    ) -> async_graphql::Result<ExpressionCheck> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let expect = match expected {
            ExpressionUse::Condition => Expect::Condition,
            ExpressionUse::SortKey => Expect::SortKey,
        };
        let catalog = session.actions.catalogs.load(session.reader(), session.scope.tenant).await?;
        let context: rules::Context = context.into();
        Ok(match rules::check(&text, &catalog, context, expect) {
            Ok(checked) => ExpressionCheck {
                canonical: Some(checked.text().to_owned()),
                terms: checked.terms().iter().map(|term| term.text.clone()).collect(),
                reads: checked.fields().iter().map(|field| field.path.clone()).collect(),
                diagnostics: Vec::new(),
                grid_diagnostics: not_for_grids(&checked, &catalog, context),
            },
            Err(found) => ExpressionCheck {
                canonical: None,
                terms: Vec::new(),
                reads: Vec::new(),
                diagnostics: found.into_iter().map(|problem| diagnostic(Vec::new(), problem)).collect(),
                grid_diagnostics: Vec::new(),
            },
        })
    }

    /// A grid's `where` as CEL text, or what is wrong with it. Needs the role admin, manager or auditor.
    async fn check_where(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where", desc = "The condition, by the grid that it is for.")] wanted: GridWhere,
    ) -> async_graphql::Result<WhereCheck> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let catalog = session.actions.catalogs.load(session.reader(), session.scope.tenant).await?;
        let (input, context) = wanted.parts();
        Ok(match rules::typed::read(input, &catalog, context) {
            Ok(checked) => WhereCheck {
                canonical: Some(checked.text().to_owned()),
                terms: checked.terms().iter().map(|term| term.text.clone()).collect(),
                reads: checked.fields().iter().map(|field| field.path.clone()).collect(),
                user_errors: Vec::new(),
            },
            Err(problems) => WhereCheck {
                canonical: None,
                terms: Vec::new(),
                reads: Vec::new(),
                user_errors: problems.into_iter().map(Into::into).collect(),
            },
        })
    }
}

fn described(id: FieldId, field: &rules::Field, catalog: &Catalog, context: rules::Context) -> ExpressionField {
    let example = |operator: Operator| {
        let example = operator.example(id, catalog, context)?;
        Some(ExpressionOperator { name: operator.name(), description: operator.description(), example })
    };
    let operators: Vec<ExpressionOperator> = Operator::fitting(field.ty).filter_map(example).collect();
    ExpressionField {
        path: field.path.clone(),
        field_type: match field.ty {
            Type::Int => ExpressionFieldType::Integer,
            Type::Double => ExpressionFieldType::Decimal,
            Type::Bool => ExpressionFieldType::Boolean,
            Type::Timestamp => ExpressionFieldType::Moment,
            Type::List(_) => ExpressionFieldType::Texts,
            Type::Text | Type::Duration | Type::Null => ExpressionFieldType::Text,
        },
        value_type: field.ty.to_string(),
        nullable: field.nullable,
        computed: field.computed,
        choices: field.choices.iter().map(|choice| choice.value.clone()).collect(),
        description: field.description.clone(),
        example: Operator::typical(field.ty).example(id, catalog, context).unwrap_or_default(),
        operators,
    }
}

/// Grids are over leads, dealers and users; a condition over candidates is for none of them.
fn not_for_grids(checked: &Checked, catalog: &Catalog, context: rules::Context) -> Vec<ExpressionDiagnostic> {
    if matches!(context, rules::Context::CandidateDealer | rules::Context::CandidateUser) {
        return Vec::new();
    }
    let found = refusals(checked, catalog, rows_of(context));
    found.into_iter().map(|problem| diagnostic(Vec::new(), problem)).collect()
}

/// The problems within expressions, for an editor; the others stand among the user errors only.
pub fn diagnostics(problems: Vec<DefinitionProblem>) -> Vec<ExpressionDiagnostic> {
    let shown = |problem: DefinitionProblem| {
        let path = problem.invalid.under("definition").path;
        Some(diagnostic(path, problem.diagnostic?))
    };
    problems.into_iter().filter_map(shown).collect()
}

/// What is wrong within the expressions of a definition that was refused, nothing for one that was not or may not be read.
pub async fn diagnose(
    ctx: &Context<'_>,
    kind: crate::domain::interface::CandidateKind,
    definition: &crate::domain::interface::Definition,
) -> async_graphql::Result<Vec<ExpressionDiagnostic>> {
    let session = ctx.session()?;
    match check::diagnose(&session.actions, &session.actor, kind, definition).await {
        Ok(problems) => Ok(diagnostics(problems)),
        Err(ActionError::Refused(_)) => Ok(Vec::new()),
        Err(ActionError::Store(error)) => Err(error.into()),
    }
}

fn diagnostic(path: Vec<String>, problem: rules::Diagnostic) -> ExpressionDiagnostic {
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    ExpressionDiagnostic {
        path,
        line: number(problem.line),
        column: number(problem.column),
        length: number(problem.length),
        message: problem.message,
        suggestion: problem.suggestion,
    }
}
