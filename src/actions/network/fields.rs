//! Defining, changing and archiving custom fields (SPEC EXPR-8).

use super::changes::changes;
use super::target::{Target, taken};
use super::usage::Definitions;
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::InvalidCode;
use crate::domain::custom_field::CustomField;
use crate::domain::event::EventKind;
use crate::domain::field::{Choice, DEFINITIONS_MAX, FieldDefinition, FieldDraft};
use crate::domain::id::CustomFieldId;
use crate::store::{fields, tenants};

/// What may change of a saved field; its subject, key and type stay.
#[derive(Clone, Debug, Default)]
pub struct FieldChange {
    /// The name for people.
    pub label: Option<String>,
    /// Whether every write of the subject must leave a value.
    pub required: Option<bool>,
    /// The allowed values, in order.
    pub choices: Option<Vec<Choice>>,
    /// Whether the field takes no new values.
    pub archived: Option<bool>,
}

/// A new field.
pub async fn create_field(cx: &Context, call: Call<'_>, draft: FieldDraft) -> Result<CustomFieldId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (tenant, at) = (call.actor.tenant, work.at());
    tenants::raise_network_version(&work, tenant).await?;
    let definition = FieldDefinition::new(draft)?;
    if fields::list_by_subject(&work, tenant, definition.subject()).await?.len() >= DEFINITIONS_MAX {
        let message = format!("there are {DEFINITIONS_MAX} fields already, no more are allowed");
        return Err(ActionError::refused("key", InvalidCode::TooLong, message));
    }
    let archived_at = definition.archived().then_some(at);
    let field =
        CustomField { tenant, id: cx.id(at), definition, archived_at, version: 1, created_at: at, updated_at: at };
    fields::insert(&work, &field).await.map_err(|error| {
        taken(error, "key", "key", format!("another field has the key `{}`", field.definition.key()))
    })?;
    let (before, after) = changes(None, Some(&field.definition));
    work.note(EventKind::Created, field.id, before, after);
    work.commit(field.id).await
}

/// Changes of a field. Refused, with the users named, if a stored expression would no longer mean anything.
pub async fn update_field(
    cx: &Context,
    call: Call<'_>,
    target: Target<CustomFieldId>,
    change: &FieldChange,
) -> Result<CustomFieldId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (tenant, at) = (call.actor.tenant, work.at());
    tenants::raise_network_version(&work, tenant).await?;
    let found = fields::lookup(&work, tenant, target.id).await?;
    let before = found.ok_or_else(|| ActionError::not_found("customFieldId", "custom field"))?;
    target.check(before.version)?;
    let definition = before.definition.amended(change.applied(before.definition.draft()))?;
    check_users(&work, &before.definition, &definition).await?;
    let (old, new) = changes(Some(&before.definition), Some(&definition));
    if old != new {
        let archived_at = definition.archived().then(|| before.archived_at.unwrap_or(at));
        let after = CustomField { definition, archived_at, updated_at: at, ..before };
        fields::update(&work, &after).await?;
        work.note(EventKind::Updated, target.id, old, new);
    }
    work.commit(target.id).await
}

impl FieldChange {
    fn applied(&self, mut draft: FieldDraft) -> FieldDraft {
        draft.label = self.label.clone().unwrap_or(draft.label);
        draft.required = self.required.unwrap_or(draft.required);
        draft.choices = self.choices.clone().unwrap_or(draft.choices);
        draft.archived = self.archived.unwrap_or(draft.archived);
        draft
    }
}

async fn check_users(work: &Work<'_>, old: &FieldDefinition, new: &FieldDefinition) -> Result<(), ActionError> {
    let archives = new.archived() && !old.archived();
    let removes = old.choices().iter().any(|old| new.choices().iter().all(|new| new.value != old.value));
    if !archives && !removes {
        return Ok(());
    }
    let tenant = work.actor().tenant;
    let before = Definitions::load(work, tenant).await?;
    let is_this = |field: &FieldDefinition| field.subject() == old.subject() && field.key() == old.key();
    let replaced = before.fields.iter().map(|field| if is_this(field) { new.clone() } else { field.clone() });
    let after = Definitions { fields: replaced.collect(), categories: before.categories.clone() };
    let users = before.users_lost(work, tenant, &after).await?;
    if users.is_empty() {
        return Ok(());
    }
    let message = format!("{} is used by {}, change them first", old.label(), users.join(", "));
    Err(ActionError::refused(if archives { "archived" } else { "choices" }, InvalidCode::InUse, message))
}
