//! What has to be known before an input can be read: the tenant, its definitions, and where postal codes are.

use chrono_tz::Tz;

use crate::domain::category::Category;
use crate::domain::field::FieldDefinition;
use crate::domain::tenant::Tenant;
use crate::domain::{CountryCode, Invalid, Point, PostalCode};

/// A point as it is given: two numbers, not checked yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointInput {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

impl PointInput {
    /// The point, or a problem under `point`.
    pub fn parse(self) -> Result<Point, Invalid> {
        Point::new(self.lat, self.lon).map_err(|problem| problem.under("point"))
    }
}

/// Where a postal code is.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// The middle of the code's area.
    pub point: Point,
    /// Its state or province.
    pub region: Option<String>,
}

/// What a tenant has laid down, against which an input is read.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Whose it will be.
    pub tenant: &'a Tenant,
    /// The custom fields of the subject, archived ones included.
    pub fields: &'a [FieldDefinition],
    /// The category groups of dealers.
    pub categories: &'a [Category],
    /// Finds postal codes.
    pub locate: &'a (dyn Fn(CountryCode, &PostalCode) -> Option<Located> + Sync),
    /// The time zone that a region most likely keeps.
    pub zone_of: &'a (dyn Fn(CountryCode, &str) -> Option<Tz> + Sync),
}
