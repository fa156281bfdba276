//! What an interface says: filter, radius, sort, limit; as it is shown and as it is given.

use async_graphql::{Enum, InputObject, Object, OneofObject, SimpleObject};

use crate::domain::interface as domain;
use crate::domain::place::{km_to_miles, miles_to_km};
use crate::domain::{Invalid, InvalidCode};

/// What an interface ranks; fixed once saved.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::interface::CandidateKind")]
pub enum CandidateKind {
    /// Dealers.
    Dealer,
    /// Users.
    User,
}

/// Which way a level sorts.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::interface::Direction", name = "SortLevelDirection")]
pub enum LevelDirection {
    /// Smallest first.
    Asc,
    /// Greatest first.
    Desc,
}

/// Where candidates without a key stand, whichever the direction.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::interface::Nulls", name = "SortLevelNulls")]
pub enum LevelNulls {
    /// Before the others.
    First,
    /// After the others.
    Last,
}

/// One level of an order; later levels break the ties of earlier ones, and the dealer's number breaks the last.
#[derive(SimpleObject)]
pub struct SortLevel {
    /// CEL text whose value is the key.
    expression: String,
    /// Which way.
    direction: LevelDirection,
    /// Where candidates without a key stand.
    nulls: LevelNulls,
}

/// How far away a candidate may be.
#[derive(SimpleObject)]
pub struct Radius {
    /// In kilometres; null for no cut-off.
    km: Option<f64>,
    /// In international miles; null for no cut-off.
    miles: Option<f64>,
    /// Whether there is no cut-off.
    is_nearest: bool,
}

impl From<&domain::SortLevel> for SortLevel {
    fn from(level: &domain::SortLevel) -> Self {
        Self { expression: level.expression.clone(), direction: level.direction.into(), nulls: level.nulls.into() }
    }
}

impl From<domain::Radius> for Radius {
    fn from(radius: domain::Radius) -> Self {
        let km = match radius {
            domain::Radius::Within { km } => Some(km),
            domain::Radius::Nearest => None,
        };
        Self { km, miles: km.map(km_to_miles), is_nearest: km.is_none() }
    }
}

/// What an interface says.
pub struct InterfaceDefinition(pub domain::Definition);

/// What an interface says.
#[Object]
impl InterfaceDefinition {
    /// CEL text over `dealer` (or `user`), `lead` and `now`; blank matches every candidate.
    async fn filter(&self) -> &str {
        &self.0.filter
    }

    /// How far away a candidate may be.
    async fn radius(&self) -> Radius {
        self.0.radius.into()
    }

    /// Only candidates in the lead's country.
    async fn same_country(&self) -> bool {
        self.0.same_country
    }

    /// Not those who had a copy of the request before.
    async fn exclude_recipients(&self) -> bool {
        self.0.exclude_recipients
    }

    /// The order, first level first.
    async fn sort(&self) -> Vec<SortLevel> {
        self.0.sort.iter().map(Into::into).collect()
    }

    /// At most this many candidates.
    async fn limit(&self) -> i32 {
        i32::try_from(self.0.limit).unwrap_or(i32::MAX)
    }
}

/// How far away a candidate may be: exactly one of these.
#[derive(OneofObject)]
pub enum RadiusInput {
    /// At most so many kilometres.
    Km(f64),
    /// At most so many international miles.
    Miles(f64),
    /// True: no cut-off, however far.
    Nearest(bool),
}

/// One level of an order.
#[derive(InputObject)]
pub struct SortLevelInput {
    /// CEL text whose value is the key, such as `dealer.rating`.
    expression: String,
    /// Which way.
    #[graphql(default_with = "LevelDirection::Asc")]
    direction: LevelDirection,
    /// Where candidates without a key stand.
    #[graphql(default_with = "LevelNulls::Last")]
    nulls: LevelNulls,
}

/// What an interface is to say.
#[derive(InputObject)]
pub struct InterfaceDefinitionInput {
    /// CEL text over `dealer` (or `user`), `lead` and `now`; blank matches every candidate.
    #[graphql(default)]
    filter: String,
    /// How far away a candidate may be; 1,500 miles when left out.
    radius: Option<RadiusInput>,
    /// Only candidates in the lead's country.
    #[graphql(default = true)]
    same_country: bool,
    /// Not those who had a copy of the request before.
    #[graphql(default = true)]
    exclude_recipients: bool,
    /// The order, first level first, at most 10 levels; by dealer number (users: mail address) when left out.
    #[graphql(default)]
    sort: Vec<SortLevelInput>,
    /// At most this many candidates, 1 to 250.
    #[graphql(default = 10)]
    limit: i32,
}

impl InterfaceDefinitionInput {
    /// As actions take it; what it says is checked there.
    pub fn read(self) -> Result<domain::Definition, Invalid> {
        let radius = match self.radius {
            None => domain::Radius::Within { km: domain::DEFAULT_RADIUS_KM },
            Some(RadiusInput::Km(km)) => domain::Radius::Within { km },
            Some(RadiusInput::Miles(miles)) => domain::Radius::Within { km: miles_to_km(miles) },
            Some(RadiusInput::Nearest(true)) => domain::Radius::Nearest,
            Some(RadiusInput::Nearest(false)) => {
                let message = "`nearest` can only be true, give `km` or `miles` instead";
                return Err(Invalid::new("radius", InvalidCode::NotAllowed, message).under("definition"));
            }
        };
        let level = |level: SortLevelInput| domain::SortLevel {
            expression: level.expression,
            direction: level.direction.into(),
            nulls: level.nulls.into(),
        };
        Ok(domain::Definition {
            filter: self.filter,
            radius,
            same_country: self.same_country,
            exclude_recipients: self.exclude_recipients,
            sort: self.sort.into_iter().map(level).collect(),
            // A negative limit becomes 0, which is refused as one.
            limit: u32::try_from(self.limit).unwrap_or(0),
        })
    }
}
