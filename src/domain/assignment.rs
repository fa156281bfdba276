//! Assignments: who works on a lead besides whoever has it, and the companies that are granted access to it (SPEC BULK-4).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::{Invalid, InvalidCode, text};
use super::id::{CompanyId, UserId};

/// Users on one lead: a team, not a department.
pub const ASSIGNED_USERS_MAX: usize = 20;
/// Roles on one lead: a tenant has a handful.
pub const ROLES_MAX: usize = 20;
/// A role is a word or two in a column.
const ROLE_LENGTH_MAX: usize = 60;

/// What a company has to do with a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Capacity {
    /// It advertises.
    Marketing,
    /// It does the work on the product.
    Servicing,
    /// It gives legal advice.
    LawFirm,
    /// It sells to the network.
    Vendor,
    /// Anything else.
    Partner,
}

/// All assignments of a lead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Assignments {
    /// Each once, in the order in which they were named.
    #[serde(rename = "assignedUsers")]
    pub users: Vec<UserId>,
    /// Who has which role, as the tenant calls it.
    pub roles: BTreeMap<String, UserId>,
    /// Which company is there in which capacity.
    pub companies: BTreeMap<Capacity, CompanyId>,
}

/// Which assignments change. What is not named stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AssignmentChange {
    /// The users, instead of those who were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_users: Option<Vec<UserId>>,
    /// Roles that somebody gets or nobody has any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleChange>,
    /// Capacities that a company gets or none has any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub companies: Vec<CompanyChange>,
}

/// Who has a role from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleChange {
    /// As the tenant calls it.
    pub role: String,
    /// None for nobody.
    pub user_id: Option<UserId>,
}

/// Which company is there in a capacity from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompanyChange {
    /// Which capacity.
    pub capacity: Capacity,
    /// None for no company.
    pub company_id: Option<CompanyId>,
}

impl Assignments {
    /// The assignments after a change.
    pub fn with(&self, change: &AssignmentChange) -> Result<Self, Invalid> {
        let mut after = self.clone();
        if let Some(users) = &change.assigned_users {
            after.users.clone_from(users);
        }
        for RoleChange { role, user_id } in &change.roles {
            match user_id {
                Some(user) => drop(after.roles.insert(role.trim().to_owned(), *user)),
                None => drop(after.roles.remove(role.trim())),
            }
        }
        for CompanyChange { capacity, company_id } in &change.companies {
            match company_id {
                Some(company) => drop(after.companies.insert(*capacity, *company)),
                None => drop(after.companies.remove(capacity)),
            }
        }
        if after.roles.len() > ROLES_MAX {
            return Err(too_many("roles", "roles", after.roles.len(), ROLES_MAX));
        }
        Ok(after)
    }
}

impl AssignmentChange {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it, whatever the lead and whoever there is.
    pub fn check(&self) -> Vec<Invalid> {
        let mut problems = self.check_users();
        problems.extend(self.check_roles());
        let mut named = BTreeSet::new();
        for (index, CompanyChange { capacity, .. }) in self.companies.iter().enumerate() {
            if !named.insert(capacity) {
                problems.push(twice("companies", index, "capacity", "a capacity"));
            }
        }
        problems
    }

    fn check_users(&self) -> Vec<Invalid> {
        let users = self.assigned_users.as_deref().unwrap_or_default();
        if users.len() > ASSIGNED_USERS_MAX {
            return vec![too_many("assignedUsers", "users", users.len(), ASSIGNED_USERS_MAX)];
        }
        let mut named = BTreeSet::new();
        let again = users.iter().enumerate().filter(|(_, user)| !named.insert(**user));
        let problem = |(index, user): (usize, &UserId)| {
            let message = format!("`{user}` is named twice, name each user once");
            Invalid::new(&index.to_string(), InvalidCode::NotAllowed, message).under("assignedUsers")
        };
        again.map(problem).collect()
    }

    fn check_roles(&self) -> Vec<Invalid> {
        if self.roles.len() > ROLES_MAX {
            return vec![too_many("roles", "roles", self.roles.len(), ROLES_MAX)];
        }
        let mut problems = Vec::new();
        let mut named = BTreeSet::new();
        for (index, RoleChange { role, .. }) in self.roles.iter().enumerate() {
            match text("role", role, ROLE_LENGTH_MAX) {
                Ok(role) if named.insert(role.clone()) => {}
                Ok(role) => problems.push(twice("roles", index, "role", &format!("the role `{role}`"))),
                Err(problem) => problems.push(problem.under(index.to_string()).under("roles")),
            }
        }
        problems
    }
}

fn too_many(field: &str, what: &str, count: usize, max: usize) -> Invalid {
    Invalid::new(field, InvalidCode::TooLong, format!("{count} {what}, a lead has at most {max}"))
}

fn twice(list: &str, index: usize, field: &str, what: &str) -> Invalid {
    let message = format!("{what} is named twice, name each once");
    Invalid::new(field, InvalidCode::NotAllowed, message).under(index.to_string()).under(list)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn role(role: &str, number: u128) -> RoleChange {
        RoleChange { role: role.to_owned(), user_id: (number > 0).then(|| user(number)) }
    }

    fn company(capacity: Capacity, number: u128) -> CompanyChange {
        CompanyChange { capacity, company_id: (number > 0).then(|| CompanyId(Uuid::from_u128(number))) }
    }

    // BULK-4
    #[test]
    fn only_what_is_named_changes() {
        let first = AssignmentChange {
            assigned_users: Some(vec![user(2), user(1)]),
            roles: vec![role(" BDC ", 1), role("F&I", 2)],
            companies: vec![company(Capacity::Vendor, 7), company(Capacity::LawFirm, 8)],
        };
        let before = Assignments::default().with(&first).unwrap();
        assert_eq!(before.users, [user(2), user(1)]);
        assert_eq!(before.with(&AssignmentChange::default()).unwrap(), before);
        let second = AssignmentChange {
            roles: vec![role("BDC", 0), role("F&I", 3)],
            companies: vec![company(Capacity::Vendor, 0)],
            ..AssignmentChange::default()
        };
        let after = before.with(&second).unwrap();
        assert_eq!(after.users, before.users);
        assert_eq!(after.roles, BTreeMap::from([("F&I".to_owned(), user(3))]));
        assert_eq!(after.companies.into_keys().collect::<Vec<_>>(), [Capacity::LawFirm]);
        let nobody = AssignmentChange { assigned_users: Some(Vec::new()), ..AssignmentChange::default() };
        assert!(!nobody.is_empty() && before.with(&nobody).unwrap().users.is_empty());
    }

    // BULK-4
    #[test]
    fn a_role_a_capacity_or_a_user_is_named_once_and_not_too_many_are() {
        let paths = |change: &AssignmentChange| {
            change.check().into_iter().map(|problem| problem.path.join(".")).collect::<Vec<_>>()
        };
        let change = AssignmentChange {
            assigned_users: Some(vec![user(1), user(2), user(1)]),
            roles: vec![role("BDC", 1), role(" BDC", 0), role(" ", 1), role(&"x".repeat(61), 1)],
            companies: vec![company(Capacity::Vendor, 1), company(Capacity::Vendor, 0)],
        };
        let told = ["assignedUsers.2", "roles.1.role", "roles.2.role", "roles.3.role", "companies.1.capacity"];
        assert_eq!(paths(&change), told);
        let many = AssignmentChange {
            assigned_users: Some((0..21).map(user).collect()),
            roles: (0..21).map(|number| role(&number.to_string(), 1)).collect(),
            companies: Vec::new(),
        };
        assert_eq!(paths(&many), ["assignedUsers", "roles"]);
        let some = AssignmentChange { roles: many.roles[..20].to_vec(), ..AssignmentChange::default() };
        let full = Assignments::default().with(&some).unwrap();
        let more = AssignmentChange { roles: vec![role("one more", 1)], ..AssignmentChange::default() };
        assert_eq!(full.with(&more).unwrap_err().code, InvalidCode::TooLong);
    }

    #[test]
    fn a_stored_change_and_stored_assignments_are_read_back() {
        let change = AssignmentChange {
            assigned_users: Some(Vec::new()),
            roles: vec![role("BDC", 0)],
            companies: vec![company(Capacity::LawFirm, 8)],
        };
        let stored = serde_json::to_value(&change).unwrap();
        assert_eq!(stored["roles"], serde_json::json!([{ "role": "BDC", "userId": null }]));
        assert_eq!(serde_json::from_value::<AssignmentChange>(stored).unwrap(), change);
        let all = Assignments::default().with(&change).unwrap();
        let stored = serde_json::to_value(&all).unwrap();
        assert_eq!(stored["companies"]["LAW_FIRM"], "com_00000000000000000000000000000008");
        assert_eq!(serde_json::from_value::<Assignments>(stored).unwrap(), all);
    }
}
