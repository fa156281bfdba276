//! What stands on a lead for people beside the tenant's workflow: its campaign and language, who sees it, and what to heed.
//!
//! Each copy has its own, at first its request's; a copy that is handed on gives them to the next.

use serde::{Deserialize, Serialize};

use super::request::Request;

/// Characters of a campaign's name.
pub const CAMPAIGN_LENGTH_MAX: usize = 200;
/// Characters of an alert: it is read at a glance; more is a note.
pub const ALERT_LENGTH_MAX: usize = 500;

/// Who sees a lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Visibility {
    /// Whoever's role and groups reach it.
    #[default]
    Normal,
    /// Admins, auditors and whoever has it, and nobody else, not even those who are assigned.
    Restricted,
}

impl Visibility {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Normal, Self::Restricted];

    /// As stored and as the API shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Restricted => "RESTRICTED",
        }
    }
}

/// What stands on a lead for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// The campaign that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The language to answer in, as [`super::language::language`] writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Who sees it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Shown on top of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
}

impl Labels {
    /// Those of a request's first copy.
    pub fn of(request: &Request) -> Self {
        Self { campaign: request.campaign.clone(), language: request.language.clone(), ..Self::default() }
    }
}
