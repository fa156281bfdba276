//! What clients give to make, change and share lists.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::list::{ListBaseSet, ListShareAccess};
use crate::actions::lists::{GivenFilter, ListChange};
use crate::domain::Invalid;
use crate::domain::list::{ListShare, ListSort};
use crate::graphql::ids;
use crate::graphql::leads::LeadOrder;
use crate::graphql::wanted::LeadWhere;

/// A new list. It belongs to the user that your credential stands for.
#[derive(InputObject)]
pub struct CreateListInput {
    /// For people; at most 100 characters.
    name: String,
    /// What the filter is applied to.
    #[graphql(default)]
    base_set: ListBaseSet,
    /// Which leads of the base set, by fields; all when left out. Either this or `filter`.
    #[graphql(name = "where")]
    wanted: Option<LeadWhere>,
    /// Which leads of the base set, as CEL text over `lead` and `now`; all when left out. Either this or `where`. Refused where the
    /// database can't be asked it exactly.
    filter: Option<String>,
    /// How it is sorted when it is opened; newest first when left out.
    sort: Option<LeadOrder>,
    /// The columns in order, by the paths that `listColumns` gives; `custom.<key>` is short for `lead.custom.<key>`. A usual choice
    /// when left out.
    columns: Option<Vec<String>>,
    /// The same key with the same input makes one list.
    pub(super) idempotency_key: Option<String>,
}

/// What to change of a list. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateListInput {
    /// `lst_…`
    pub(super) list_id: ID,
    /// For people; at most 100 characters.
    name: Option<String>,
    /// What the filter is applied to.
    base_set: Option<ListBaseSet>,
    /// Which leads of the base set from now on, by fields; null for all. Either this or `filter`.
    #[graphql(name = "where")]
    wanted: MaybeUndefined<LeadWhere>,
    /// Which leads of the base set from now on, as CEL text; null for all. Either this or `where`.
    filter: MaybeUndefined<String>,
    /// How it is sorted when it is opened.
    sort: Option<LeadOrder>,
    /// The columns in order.
    columns: Option<Vec<String>>,
    /// `usr_…` of the user to whom it belongs from now on, for its owner or an admin to say. The former owner then knows it only if
    /// it is shared with them.
    owner_id: Option<ID>,
    /// The version that you know; a newer one is a conflict.
    pub(super) expected_version: Option<i32>,
    /// The same key with the same input changes once.
    pub(super) idempotency_key: Option<String>,
}

/// Which list to remove.
#[derive(InputObject)]
pub struct RemoveListInput {
    /// `lst_…`
    pub(super) list_id: ID,
    /// The version that you know; a newer one is a conflict.
    pub(super) expected_version: Option<i32>,
    /// The same key with the same input removes once.
    pub(super) idempotency_key: Option<String>,
}

/// A user with whom a list is to be shared.
#[derive(InputObject)]
pub struct ListShareInput {
    /// `usr_…`, active and not the owner.
    user_id: ID,
    /// To do what.
    access: ListShareAccess,
}

/// With whom a list is shared from now on.
#[derive(InputObject)]
pub struct SetListSharesInput {
    /// `lst_…`
    pub(super) list_id: ID,
    /// Exactly these users, at most 100. Who is left out no longer knows the list.
    shares: Vec<ListShareInput>,
    /// The version that you know; a newer one is a conflict.
    pub(super) expected_version: Option<i32>,
    /// The same key with the same input changes once.
    pub(super) idempotency_key: Option<String>,
}

impl CreateListInput {
    pub(super) fn read(self) -> Result<ListChange, Invalid> {
        Ok(ListChange {
            name: Some(self.name),
            base: Some(self.base_set.into()),
            filter: Some(GivenFilter::of(self.wanted.map(|wanted| wanted.0), self.filter)?),
            sort: self.sort.map(sort),
            columns: self.columns,
            owner: None,
        })
    }
}

impl UpdateListInput {
    pub(super) fn read(self) -> Result<ListChange, Invalid> {
        let says_nothing = self.wanted.is_undefined() && self.filter.is_undefined();
        let given = GivenFilter::of(self.wanted.take().map(|wanted| wanted.0), self.filter.take())?;
        Ok(ListChange {
            name: self.name,
            base: self.base_set.map(Into::into),
            filter: (!says_nothing).then_some(given),
            sort: self.sort.map(sort),
            columns: self.columns,
            owner: ids::parse_optional("ownerId", self.owner_id.as_ref())?,
        })
    }
}

impl SetListSharesInput {
    pub(super) fn read(&self) -> Result<Vec<ListShare>, Vec<Invalid>> {
        let read = |(index, share): (usize, &ListShareInput)| {
            let user = ids::parse("userId", &share.user_id)
                .map_err(|problem| problem.under(index.to_string()).under("shares"))?;
            Ok(ListShare { user, access: share.access.into() })
        };
        let (mut shares, mut problems) = (Vec::new(), Vec::new());
        for share in self.shares.iter().enumerate().map(read) {
            match share {
                Ok(share) => shares.push(share),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(shares) } else { Err(problems) }
    }
}

pub(super) fn sort(order: LeadOrder) -> ListSort {
    let (field, order) = order.stored();
    ListSort { field, order }
}
