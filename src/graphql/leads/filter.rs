//! The grid's filter and order, as clients give them.

use async_graphql::{Enum, ID, InputObject};
use chrono::{DateTime, Utc};

use super::lead::LeadState;
use crate::domain::{Invalid, Timestamp};
use crate::graphql::connection::bad_input;
use crate::graphql::ids;
use crate::store::leads::{self, LeadSort};
use crate::store::{Order, Scope};

/// The most values in one list of a filter: more is a selection, not a filter.
const VALUES_MAX: usize = 200;

/// Which copies are wanted. All given conditions must hold; a field that is left out does not restrict. An empty list or an unknown id
/// matches nothing and is refused, for it is always a mistake.
#[derive(InputObject, Default, Clone)]
pub struct LeadFilter {
    /// In one of these states.
    states: Option<Vec<LeadState>>,
    /// In the hands of one of these dealers.
    dealer_ids: Option<Vec<ID>>,
    /// In the hands of one of these users.
    owner_ids: Option<Vec<ID>>,
    /// From one of these sources, exactly as written.
    sources: Option<Vec<String>>,
    /// About one of these brands, exactly as written.
    brands: Option<Vec<String>>,
    /// With one of these follow-up statuses.
    follow_up_statuses: Option<Vec<String>>,
    /// Made by one of these jobs.
    job_ids: Option<Vec<ID>>,
    /// Copies of this request.
    request_id: Option<ID>,
    /// Received at or after this moment.
    received_from: Option<DateTime<Utc>>,
    /// Received before this moment.
    received_before: Option<DateTime<Utc>>,
    /// At least this round.
    round_min: Option<i32>,
    /// True: only those listed under exceptions. False: only the others.
    exception: Option<bool>,
    /// True: only first copies. False: only later ones.
    root: Option<bool>,
    /// The customer's last name or mail address begins so, whatever the case; at least two characters. Only for those who may see
    /// customers' data.
    customer: Option<String>,
}

/// What a grid can be sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum LeadSortField {
    /// When the customer's request came in.
    #[default]
    ReceivedAt,
    /// When the copy last changed.
    UpdatedAt,
}

/// Which way a list goes.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum SortDirection {
    /// Smallest, earliest or alphabetically first.
    Asc,
    /// Greatest, latest or alphabetically last.
    #[default]
    Desc,
}

impl From<SortDirection> for Order {
    fn from(direction: SortDirection) -> Self {
        match direction {
            SortDirection::Asc => Self::Asc,
            SortDirection::Desc => Self::Desc,
        }
    }
}

/// How a grid is sorted; equal ones by id.
#[derive(InputObject, Default, Clone, Copy, Debug)]
pub struct LeadOrder {
    /// By what.
    #[graphql(default)]
    pub field: LeadSortField,
    /// Which way.
    #[graphql(default)]
    pub direction: SortDirection,
}

impl LeadOrder {
    /// As the store takes it.
    pub fn stored(self) -> (LeadSort, Order) {
        let field = match self.field {
            LeadSortField::ReceivedAt => LeadSort::ReceivedAt,
            LeadSortField::UpdatedAt => LeadSort::UpdatedAt,
        };
        (field, self.direction.into())
    }
}

impl LeadFilter {
    /// As the store takes it, or what is wrong with it.
    pub fn stored(&self, scope: &Scope) -> async_graphql::Result<leads::LeadFilter> {
        self.read(scope).map_err(|problem| bad_input(format!("filter.{}: {}", problem.path.join("."), problem.message)))
    }

    fn read(&self, scope: &Scope) -> Result<leads::LeadFilter, Invalid> {
        if self.customer.is_some() && !scope.searches_person() {
            return Err(Invalid::new(
                "customer",
                crate::domain::InvalidCode::Forbidden,
                "your role may not search customers' data",
            ));
        }
        Ok(leads::LeadFilter {
            states: some("states", self.states.as_ref())?.into_iter().map(Into::into).collect(),
            dealers: ids::parse_all("dealerIds", &some("dealerIds", self.dealer_ids.as_ref())?)?,
            users: ids::parse_all("ownerIds", &some("ownerIds", self.owner_ids.as_ref())?)?,
            sources: some("sources", self.sources.as_ref())?,
            brands: some("brands", self.brands.as_ref())?,
            follow_up_statuses: some("followUpStatuses", self.follow_up_statuses.as_ref())?,
            jobs: ids::parse_all("jobIds", &some("jobIds", self.job_ids.as_ref())?)?,
            request: ids::parse_optional("requestId", self.request_id.as_ref())?,
            received_from: self.received_from.map(Timestamp::from),
            received_before: self.received_before.map(Timestamp::from),
            round_min: self.round_min.map(i64::from),
            exception: self.exception,
            root: self.root,
            customer: self.customer.as_deref().map(search_text).transpose()?,
            rule: None,
        })
    }
}

fn some<T: Clone>(field: &str, values: Option<&Vec<T>>) -> Result<Vec<T>, Invalid> {
    use crate::domain::InvalidCode::{Required, TooLong};
    match values {
        None => Ok(Vec::new()),
        Some(values) if values.is_empty() => {
            Err(Invalid::new(field, Required, "an empty list matches nothing, leave the field out to match everything"))
        }
        Some(values) if values.len() > VALUES_MAX => {
            Err(Invalid::new(field, TooLong, format!("{} values, at most {VALUES_MAX} are allowed", values.len())))
        }
        Some(values) => Ok(values.clone()),
    }
}

fn search_text(text: &str) -> Result<String, Invalid> {
    let text = crate::domain::error::text("customer", text, 200)?;
    if text.chars().count() < 2 {
        return Err(Invalid::new("customer", crate::domain::InvalidCode::OutOfRange, "give at least two characters"));
    }
    Ok(text)
}
