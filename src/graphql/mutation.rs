//! A mutation as it was called: its name, its input, its idempotency key.

use async_graphql::{Context, MaybeUndefined};
use serde_json::Value;

use super::guard::IdempotencyKeyHeader;
use super::session::Ctx;
use crate::actions::Call;
use crate::domain::actor::Actor;
use crate::domain::{Invalid, InvalidCode};

/// A mutation as it was called, owning its input.
pub struct OwnedCall<'a> {
    actor: &'a Actor,
    mutation: &'static str,
    input: Value,
    key: Option<String>,
}

impl<'a> OwnedCall<'a> {
    /// Reads the call of the field that is being resolved. The key is `input.idempotencyKey`, else the request's `Idempotency-Key`
    /// header together with the field's place, so that one request can hold several mutations.
    pub fn read(ctx: &'a Context<'_>, mutation: &'static str) -> Result<Self, async_graphql::Error> {
        let arguments = ctx.field().arguments()?;
        let mut input = serde_json::Map::new();
        for (name, value) in arguments {
            input.insert(name.to_string(), value.into_json()?);
        }
        let given =
            input.get_mut("input").and_then(Value::as_object_mut).and_then(|fields| fields.remove("idempotencyKey"));
        let given = given.and_then(|key| key.as_str().map(str::to_owned));
        let header = ctx.data_opt::<IdempotencyKeyHeader>().map(|header| format!("{}\u{1f}{}", header.0, place(ctx)));
        Ok(Self { actor: &ctx.session()?.actor, mutation, input: Value::Object(input), key: given.or(header) })
    }

    /// As actions take it.
    pub fn call(&self) -> Call<'_> {
        Call { actor: self.actor, mutation: self.mutation, input: &self.input, key: self.key.as_deref() }
    }
}

fn place(ctx: &Context<'_>) -> String {
    ctx.path_node.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// A field of a patch: absent leaves as it is, null clears.
pub fn patch<T>(given: MaybeUndefined<T>) -> Option<Option<T>> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// A field of a patch that always has a value: absent leaves as it is, null is refused.
pub fn patch_required<T>(field: &str, given: MaybeUndefined<T>) -> Result<Option<T>, Invalid> {
    match given {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Value(value) => Ok(Some(value)),
        MaybeUndefined::Null => {
            let message = format!("{field} can't be cleared, leave it out or give a value");
            Err(Invalid::new(field, InvalidCode::Required, message))
        }
    }
}
