//! Who acts: the credential of a request, what it may be, and whose leads it may see.
//!
//! An actor says what was proved by a token; what it may do is decided by `actions`, what it may see by the store's
//! scope.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::{Invalid, InvalidCode, text};
use super::id::{CompanyId, DealerId, TenantId, UserId};

/// Characters of a subject, a name or a source: generous for a mail address or a URL.
const TEXT_CHARS_MAX: usize = 200;

/// What a credential may be (SPEC ALLOC-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// All of the tenant.
    Admin,
    /// The leads of the groups that the user manages.
    Manager,
    /// The user's own leads.
    Member,
    /// The leads of one dealer.
    Dealer,
    /// A partner's machine: the leads of its own source or dealer, or those that its company is assigned to.
    Partner,
    /// Reads everything but personal data.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [Self::Admin, Self::Manager, Self::Member, Self::Dealer, Self::Partner, Self::Auditor];

    /// The name as it stands in a token.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Member => "member",
            Self::Dealer => "dealer",
            Self::Partner => "partner",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Invalid;
    fn from_str(given: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|role| role.as_str() == given).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            let shown: String = given.chars().take(60).collect();
            Invalid::new("role", InvalidCode::NotAllowed, format!("`{shown}` is not a role, use one of {known}"))
        })
    }
}

/// Who acts, in which tenant, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The only tenant whose objects exist for this actor.
    pub tenant: TenantId,
    /// The credential's unique name, for limits and the audit log.
    pub subject: String,
    /// What people call the actor, for timelines.
    pub name: String,
    /// What the actor may be.
    pub role: Role,
    /// The staff login behind the actor; always there for managers and members.
    pub user: Option<UserId>,
    /// The dealer that the actor is limited to; always there for dealers.
    pub dealer: Option<DealerId>,
    /// The source of leads that a partner is limited to.
    pub source: Option<String>,
    /// The company that a partner is limited to: it sees what is assigned to it.
    pub company: Option<CompanyId>,
}

impl Actor {
    /// The credential's name among those of all tenants, by which requests are counted.
    pub fn credential(&self) -> String {
        format!("{}/{}", self.tenant, self.subject)
    }

    /// The actor, if its parts belong together.
    ///
    /// Managers and members need their user, dealers their dealer, partners a source, a dealer or a company. A limit that the role
    /// would ignore is refused, lest someone believe in it.
    pub fn checked(mut self) -> Result<Self, Invalid> {
        self.subject = text("subject", &self.subject, TEXT_CHARS_MAX)?;
        self.name = text("name", &self.name, TEXT_CHARS_MAX)?;
        if let Some(source) = &self.source {
            self.source = Some(text("source", source, TEXT_CHARS_MAX)?);
        }
        let role = self.role;
        let needs = |field: &str, what: &str| {
            Err(Invalid::new(field, InvalidCode::Required, format!("the role {role} needs {what}")))
        };
        match role {
            Role::Manager | Role::Member if self.user.is_none() => return needs("user", "a user"),
            Role::Dealer if self.dealer.is_none() => return needs("dealer", "a dealer"),
            Role::Partner if self.source.is_none() && self.dealer.is_none() && self.company.is_none() => {
                return needs("source", "a source, a dealer or a company");
            }
            _ => {}
        }
        let ignored = |field: &str| {
            Err(Invalid::new(field, InvalidCode::NotAllowed, format!("the role {role} is not limited by a {field}")))
        };
        if self.dealer.is_some() && !matches!(role, Role::Dealer | Role::Partner) {
            return ignored("dealer");
        }
        if self.source.is_some() && role != Role::Partner {
            return ignored("source");
        }
        if self.company.is_some() && role != Role::Partner {
            return ignored("company");
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn actor(role: Role, bits: u8) -> Result<Actor, Invalid> {
        let id = Uuid::from_u128(7);
        let (user, dealer, source, company) = (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0, bits & 8 > 0);
        Actor {
            tenant: TenantId(id),
            subject: "ada".to_owned(),
            name: "Ada".to_owned(),
            role,
            user: user.then_some(UserId(id)),
            dealer: dealer.then_some(DealerId(id)),
            source: source.then(|| "web".to_owned()),
            company: company.then_some(CompanyId(id)),
        }
        .checked()
    }

    /// ALLOC-4
    #[test]
    fn each_role_needs_what_it_is_limited_to_and_takes_no_limit_that_it_would_ignore() {
        for role in Role::ALL {
            for bits in 0..16_u8 {
                let (user, dealer, source, company) = (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0, bits & 8 > 0);
                let sound = match role {
                    Role::Admin | Role::Auditor => !dealer && !source && !company,
                    Role::Manager | Role::Member => user && !dealer && !source && !company,
                    Role::Dealer => dealer && !source && !company,
                    Role::Partner => dealer || source || company,
                };
                assert_eq!(actor(role, bits).is_ok(), sound, "{role} {bits:04b}");
            }
        }
    }

    #[test]
    fn a_role_is_read_back_from_its_name_and_another_is_refused() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!(
            "root".parse::<Role>().unwrap_err().message,
            "`root` is not a role, use one of admin, manager, member, dealer, partner, auditor"
        );
    }
}
