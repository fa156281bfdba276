//! Changing category groups and custom fields: one mutation per intent.

use async_graphql::{Context, ID, InputObject, Object};

use super::definition::{Category, CustomField, FieldSubject, FieldType};
use super::payload::{CategoryPayload, CustomFieldPayload, RemovedPayload};
use crate::actions::ActionError;
use crate::actions::network::{FieldChange, Target, categories as category_actions, fields as field_actions};
use crate::domain::field::{Choice, FieldDraft};
use crate::domain::id::{CategoryId, CustomFieldId};
use crate::domain::input::CategoryInput;
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::split;
use crate::graphql::session::Ctx;
use crate::store::{categories, fields};

/// A new category group.
#[derive(InputObject)]
pub struct CreateCategoryInput {
    /// The name in expressions: at most 40 lower-case letters, digits and `_`. Fixed once saved.
    key: String,
    /// The name for people; the key when left out.
    label: Option<String>,
    /// The values, best first, at most 200.
    choices: Vec<String>,
    /// The same key with the same input makes one category.
    idempotency_key: Option<String>,
}

/// What to change of a category group. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateCategoryInput {
    /// `cat_…`
    category_id: ID,
    /// The name for people.
    label: Option<String>,
    /// The values, best first. One that dealers have or an expression names can't be left out.
    choices: Option<Vec<String>>,
    /// The same key with the same input changes once.
    idempotency_key: Option<String>,
}

/// A category group to remove.
#[derive(InputObject)]
pub struct RemoveCategoryInput {
    /// `cat_…`
    category_id: ID,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// A value that a choice field may take.
#[derive(InputObject)]
pub struct FieldChoiceInput {
    /// As stored and as expressions name it.
    value: String,
    /// As people read it; the value when left out.
    label: Option<String>,
}

/// A new custom field.
#[derive(InputObject)]
pub struct CreateCustomFieldInput {
    /// What it belongs to. Fixed once saved.
    subject: FieldSubject,
    /// The name in expressions: at most 40 lower-case letters, digits and `_`. Fixed once saved.
    key: String,
    /// The name for people.
    label: String,
    /// The type of its values. Fixed once saved.
    field_type: FieldType,
    /// Whether every write of the subject must leave a value.
    #[graphql(default = false)]
    required: bool,
    /// The allowed values, in order; only for the types with choices.
    #[graphql(default)]
    choices: Vec<FieldChoiceInput>,
    /// The same key with the same input makes one field.
    idempotency_key: Option<String>,
}

/// What to change of a custom field. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateCustomFieldInput {
    /// `fld_…`
    custom_field_id: ID,
    /// The name for people.
    label: Option<String>,
    /// Whether every write of the subject must leave a value.
    required: Option<bool>,
    /// The allowed values, in order. One that an expression names can't be left out.
    choices: Option<Vec<FieldChoiceInput>>,
    /// An archived field keeps its values and takes no new ones. One that an expression reads can't be archived.
    archived: Option<bool>,
    /// The version that you know; a newer one is a conflict.
    expected_version: Option<i32>,
    /// The same key with the same input changes once.
    idempotency_key: Option<String>,
}

/// Changes of category groups and custom fields.
#[derive(Default)]
pub struct DefinitionMutation;

/// Changes of category groups and custom fields.
#[Object]
impl DefinitionMutation {
    /// Defines an ordered category group for dealers. Needs the role admin.
    async fn create_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category.")] input: CreateCategoryInput,
    ) -> async_graphql::Result<CategoryPayload> {
        let call = OwnedCall::read(ctx, "createCategory")?;
        let given = CategoryInput { key: Some(input.key), label: input.label, choices: Some(input.choices) };
        category(ctx, category_actions::create_category(&ctx.session()?.actions, call.call(), &given).await).await
    }

    /// Changes a category group. Needs the role admin.
    async fn update_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which category, and what changes.")] input: UpdateCategoryInput,
    ) -> async_graphql::Result<CategoryPayload> {
        let call = OwnedCall::read(ctx, "updateCategory")?;
        let given = CategoryInput { key: None, label: input.label, choices: input.choices };
        let done = match ids::parse("categoryId", &input.category_id) {
            Ok(id) => category_actions::update_category(&ctx.session()?.actions, call.call(), id, &given).await,
            Err(problem) => Err(problem.into()),
        };
        category(ctx, done).await
    }

    /// Removes a category group that no dealer has a value of and no expression names. Needs the role admin.
    async fn remove_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which category.")] input: RemoveCategoryInput,
    ) -> async_graphql::Result<RemovedPayload> {
        let call = OwnedCall::read(ctx, "removeCategory")?;
        let done = match ids::parse("categoryId", &input.category_id) {
            Ok(id) => category_actions::remove_category(&ctx.session()?.actions, call.call(), id).await,
            Err(problem) => Err(problem.into()),
        };
        let (removed, user_errors) = split(done)?;
        Ok(RemovedPayload { removed_id: removed.map(Into::into), user_errors })
    }

    /// Defines a field that leads, dealers or users get beside their own. Needs the role admin.
    async fn create_custom_field(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The field.")] input: CreateCustomFieldInput,
    ) -> async_graphql::Result<CustomFieldPayload> {
        let call = OwnedCall::read(ctx, "createCustomField")?;
        let draft = FieldDraft {
            subject: input.subject.into(),
            key: input.key,
            label: input.label,
            field_type: input.field_type.into(),
            required: input.required,
            choices: choices(input.choices),
            archived: false,
        };
        custom_field(ctx, field_actions::create_field(&ctx.session()?.actions, call.call(), draft).await).await
    }

    /// Changes or archives a custom field. Needs the role admin.
    async fn update_custom_field(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which field, and what changes.")] input: UpdateCustomFieldInput,
    ) -> async_graphql::Result<CustomFieldPayload> {
        let call = OwnedCall::read(ctx, "updateCustomField")?;
        let change = FieldChange {
            label: input.label,
            required: input.required,
            choices: input.choices.map(choices),
            archived: input.archived,
        };
        let done = match ids::parse("customFieldId", &input.custom_field_id) {
            Ok(id) => {
                let target = Target { id, expected_version: input.expected_version.map(i64::from) };
                field_actions::update_field(&ctx.session()?.actions, call.call(), target, &change).await
            }
            Err(problem) => Err(problem.into()),
        };
        custom_field(ctx, done).await
    }
}

fn choices(given: Vec<FieldChoiceInput>) -> Vec<Choice> {
    let choice = |given: FieldChoiceInput| Choice {
        label: given.label.unwrap_or_else(|| given.value.clone()),
        value: given.value,
    };
    given.into_iter().map(choice).collect()
}

async fn category(ctx: &Context<'_>, done: Result<CategoryId, ActionError>) -> async_graphql::Result<CategoryPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(CategoryPayload { category: None, user_errors }) };
    let session = ctx.session()?;
    let found = categories::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(CategoryPayload { category: found.map(Category), user_errors })
}

async fn custom_field(
    ctx: &Context<'_>,
    done: Result<CustomFieldId, ActionError>,
) -> async_graphql::Result<CustomFieldPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(CustomFieldPayload { custom_field: None, user_errors }) };
    let session = ctx.session()?;
    let found = fields::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(CustomFieldPayload { custom_field: found.map(CustomField), user_errors })
}
