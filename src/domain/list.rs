//! A list: a saved view over leads. It says which leads, in which order and with which columns; it holds no leads.
//!
//! What a list shows is always what its viewer may see: sharing a list shares the question, never the answer.

use serde::{Deserialize, Serialize};

use super::actor::{Actor, Role};
use super::error::{Invalid, InvalidCode};
use super::id::{ListId, TenantId, UserId};
use super::sort::{LeadSort, Order};
use super::time::Timestamp;

/// Shown in menus.
pub const NAME_LENGTH_MAX: usize = 100;
/// A department; larger circles are served by the list of somebody who manages them.
pub const SHARES_MAX: usize = 100;

/// What a list's filter is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BaseSet {
    /// Every copy.
    All,
    /// Copies that stand: not rejected, expired or deleted.
    Current,
    /// In nobody's hands.
    Unassigned,
    /// Offered and not acknowledged.
    Waiting,
    /// In somebody's hands and not closed: offered, acknowledged or accepted.
    Open,
    /// Won or lost.
    Closed,
    /// Nobody was found to take it.
    Exceptions,
    /// In the viewer's own hands.
    Mine,
}

impl BaseSet {
    /// The set as CEL text over `lead`, seen by `viewer`; `None` for every copy.
    pub fn condition(self, viewer: &Actor) -> Option<String> {
        Some(match self {
            Self::All => return None,
            Self::Current => "!(lead.state in ['REJECTED', 'EXPIRED', 'DELETED'])".to_owned(),
            Self::Unassigned => "lead.state == 'UNASSIGNED'".to_owned(),
            Self::Waiting => "lead.state == 'OFFERED'".to_owned(),
            Self::Open => "lead.state in ['OFFERED', 'ACKNOWLEDGED', 'ACCEPTED']".to_owned(),
            Self::Closed => "lead.state in ['WON', 'LOST']".to_owned(),
            Self::Exceptions => "has(lead.exception)".to_owned(),
            Self::Mine => match (viewer.dealer, viewer.user) {
                (Some(dealer), _) => format!("lead.dealer.id == '{dealer}'"),
                (None, Some(user)) => format!("lead.owner.id == '{user}'"),
                // A credential that stands for nobody has no leads.
                (None, None) => "false".to_owned(),
            },
        })
    }
}

/// How a list is sorted when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSort {
    /// By what.
    pub field: LeadSort,
    /// Which way.
    pub order: Order,
}

impl Default for ListSort {
    fn default() -> Self {
        Self { field: LeadSort::ReceivedAt, order: Order::Desc }
    }
}

/// What somebody may do with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ListAccess {
    /// Open it.
    View,
    /// Change what it shows.
    Edit,
    /// Share it, give it away, remove it.
    Own,
}

/// A user with whom a list is shared; the access is never [`ListAccess::Own`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ListShare {
    /// With whom.
    pub user: UserId,
    /// To do what.
    pub access: ListAccess,
}

/// A saved view over leads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    pub tenant: TenantId,
    pub id: ListId,
    pub name: String,
    pub base: BaseSet,
    /// Canonical CEL over `lead` and `now`; empty for all of the base set.
    pub filter: String,
    pub sort: ListSort,
    /// Paths, in the order in which they are shown.
    pub columns: Vec<String>,
    /// None for what a credential without a user made: it belongs to the admins.
    pub owner: Option<UserId>,
    /// By user.
    pub shares: Vec<ListShare>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl List {
    /// What somebody may do with it; `None` is for those to whom it does not exist.
    pub fn access_of(&self, actor: &Actor) -> Option<ListAccess> {
        let shared = || self.shares.iter().find(|share| Some(share.user) == actor.user).map(|share| share.access);
        match actor.role {
            _ if actor.tenant != self.tenant => None,
            Role::Admin => Some(ListAccess::Own),
            // What an auditor may not do with any list, no share makes possible.
            Role::Auditor => Some(ListAccess::View),
            _ if actor.user.is_some() && actor.user == self.owner => Some(ListAccess::Own),
            _ => shared(),
        }
    }

    /// The list with other shares, one per user, sorted.
    pub fn shared(mut self, mut shares: Vec<ListShare>) -> Result<Self, Invalid> {
        let refuse = |index: usize, code, message: String| {
            Err(Invalid::new("userId", code, message).under(index.to_string()).under("shares"))
        };
        if shares.len() > SHARES_MAX {
            let message = format!("{} users are given, at most {SHARES_MAX} are allowed", shares.len());
            return Err(Invalid::new("shares", InvalidCode::TooLong, message));
        }
        for (index, share) in shares.iter().enumerate() {
            if Some(share.user) == self.owner {
                return refuse(index, InvalidCode::NotAllowed, "this is the owner, leave it out".to_owned());
            }
            if shares.iter().take(index).any(|before| before.user == share.user) {
                return refuse(index, InvalidCode::Taken, format!("`{}` is given twice, remove one", share.user));
            }
        }
        shares.sort_by_key(|share| share.user);
        self.shares = shares;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn actor(role: Role, user: Option<u128>) -> Actor {
        Actor {
            tenant: Uuid::nil().into(),
            subject: "ada".to_owned(),
            name: "Ada".to_owned(),
            role,
            user: user.map(id),
            dealer: None,
            source: None,
            company: None,
        }
    }

    fn list() -> List {
        let at = Timestamp::from_micros(0);
        List {
            tenant: Uuid::nil().into(),
            id: Uuid::nil().into(),
            name: "Mine".to_owned(),
            base: BaseSet::All,
            filter: String::new(),
            sort: ListSort::default(),
            columns: Vec::new(),
            owner: Some(id(1)),
            shares: vec![ListShare { user: id(2), access: ListAccess::Edit }],
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    // BULK-1
    #[test]
    fn only_owners_those_it_is_shared_with_admins_and_auditors_know_a_list() {
        let access = |role, user| list().access_of(&actor(role, user));
        assert_eq!(access(Role::Member, Some(1)), Some(ListAccess::Own));
        assert_eq!(access(Role::Member, Some(2)), Some(ListAccess::Edit));
        assert_eq!(access(Role::Auditor, Some(2)), Some(ListAccess::View));
        assert_eq!(access(Role::Admin, None), Some(ListAccess::Own));
        assert_eq!((access(Role::Manager, Some(3)), access(Role::Partner, None)), (None, None));
        let nobodys = List { owner: None, ..list() };
        assert_eq!(nobodys.access_of(&actor(Role::Dealer, None)), None, "nobody is not the owner of nobody's list");
        let elsewhere = Actor { tenant: Uuid::from_u128(9).into(), ..actor(Role::Admin, None) };
        assert_eq!(list().access_of(&elsewhere), None);
    }

    // BULK-1
    #[test]
    fn a_list_is_shared_once_with_each_user_and_not_with_its_owner() {
        let share = |number| ListShare { user: id(number), access: ListAccess::View };
        let shared = list().shared(vec![share(5), share(4)]).unwrap();
        assert_eq!(shared.shares, [share(4), share(5)]);
        for (given, path) in [(vec![share(1)], "shares.0.userId"), (vec![share(4), share(4)], "shares.1.userId")] {
            assert_eq!(list().shared(given).unwrap_err().path.join("."), path);
        }
        let many = (10..).map(share).take(SHARES_MAX + 1).collect();
        assert_eq!(list().shared(many).unwrap_err().code, InvalidCode::TooLong);
    }
}
