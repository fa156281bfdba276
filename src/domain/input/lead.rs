//! What may be changed of what is noted on a lead, as it comes in.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::domain::assignment::AssignmentChange;
use crate::domain::label::Visibility;

/// What is to change; what is left out stays as it is, and an inner `None` clears.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeadPatch {
    /// The tenant's type of file.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub file_type: Option<Option<String>>,
    /// The tenant's status.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub workflow_status: Option<Option<String>>,
    /// `NOT_CONTACTED`, `CONTACTED` or the tenant's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_status: Option<String>,
    /// The tenant's progress step.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub progress: Option<Option<String>>,
    /// Values of custom fields by key; null clears one, others stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<Value>,
    /// Set, no job acts on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_from_automation: Option<bool>,
    /// Where it counts as coming from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The campaign that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub campaign: Option<Option<String>>,
    /// The language to answer in.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub language: Option<Option<String>>,
    /// Who sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Shown on top of it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub alert: Option<Option<String>>,
    /// Who is assigned.
    #[serde(flatten)]
    pub assignments: AssignmentChange,
}

/// A field that is there, be it null: one that is not stays `None` by its default.
#[expect(clippy::option_option, reason = "left out, cleared, or a value")]
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_that_was_stored_tells_cleared_from_left_out() {
        let patch = LeadPatch { file_type: Some(None), progress: Some(Some("2".to_owned())), ..LeadPatch::default() };
        let stored = serde_json::to_value(&patch).unwrap();
        assert_eq!(stored, serde_json::json!({ "file_type": null, "progress": "2" }));
        assert_eq!(serde_json::from_value::<LeadPatch>(stored).unwrap(), patch);
    }
}
