//! What people give to make or change a company.

use super::problems::Problems;
use crate::domain::company::Company;
use crate::domain::error::text;
use crate::domain::{Invalid, InvalidCode};

/// It stands in lists and on leads.
const NAME_LENGTH_MAX: usize = 100;

/// A company, as far as it is given.
#[derive(Clone, Debug, Default)]
pub struct CompanyInput {
    /// Unique in the tenant.
    pub name: Option<String>,
    /// Whether leads may be assigned to it, and its credentials see those that are.
    pub active: Option<bool>,
}

impl CompanyInput {
    /// What this input makes of a company.
    pub fn apply(&self, mut company: Company) -> Result<Company, Vec<Invalid>> {
        let mut problems = Problems::default();
        problems.set(&mut company.name, self.name.as_deref().map(|name| text("name", name, NAME_LENGTH_MAX)));
        if company.name.is_empty() && self.name.is_none() {
            problems.add("name", InvalidCode::Required, "name is missing, give one");
        }
        company.active = self.active.unwrap_or(company.active);
        problems.done(company)
    }
}
