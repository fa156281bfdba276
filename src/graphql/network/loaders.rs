//! Loaders of the network's objects. They stay within the tenant; what of an object is shown is its type's own decision.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;

use crate::domain::calendar::CalendarEvent;
use crate::domain::company::Company;
use crate::domain::dealer::{Contact, Dealer, DealerSummary};
use crate::domain::id::{CompanyId, DealerId, GroupId, LeadId, UserId};
use crate::domain::user::{Group, Membership, User};
use crate::graphql::loaders::{Batch, LoadError, by_key, grouped};
use crate::store::{calendar, companies, contacts, dealers, groups, users};

/// A dealer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DealerKey(pub DealerId);

impl Loader<DealerKey> for Batch {
    type Value = Dealer;
    type Error = LoadError;
    async fn load(&self, keys: &[DealerKey]) -> Result<HashMap<DealerKey, Dealer>, LoadError> {
        let ids: Vec<DealerId> = keys.iter().map(|key| key.0).collect();
        let rows = dealers::lookup_many(self.reader(), self.scope().tenant, &ids).await?;
        Ok(by_key(rows, |dealer| DealerKey(dealer.id)))
    }
}

/// The summary of a dealer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DealerSummaryKey(pub DealerId);

impl Loader<DealerSummaryKey> for Batch {
    type Value = DealerSummary;
    type Error = LoadError;
    async fn load(&self, keys: &[DealerSummaryKey]) -> Result<HashMap<DealerSummaryKey, DealerSummary>, LoadError> {
        let ids: Vec<DealerId> = keys.iter().map(|key| key.0).collect();
        let rows = dealers::lookup_summaries(self.reader(), self.scope().tenant, &ids).await?;
        Ok(by_key(rows, |dealer| DealerSummaryKey(dealer.id)))
    }
}

/// The contacts of a dealer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContactsKey(pub DealerId);

impl Loader<ContactsKey> for Batch {
    type Value = Vec<Contact>;
    type Error = LoadError;
    async fn load(&self, keys: &[ContactsKey]) -> Result<HashMap<ContactsKey, Vec<Contact>>, LoadError> {
        let ids: Vec<DealerId> = keys.iter().map(|key| key.0).collect();
        let rows = contacts::list_by_dealers(self.reader(), self.scope().tenant, &ids).await?;
        Ok(grouped(rows, |contact| ContactsKey(contact.dealer)))
    }
}

/// A user.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserKey(pub UserId);

impl Loader<UserKey> for Batch {
    type Value = User;
    type Error = LoadError;
    async fn load(&self, keys: &[UserKey]) -> Result<HashMap<UserKey, User>, LoadError> {
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let rows = users::lookup_many(self.reader(), self.scope().tenant, &ids).await?;
        Ok(by_key(rows, |user| UserKey(user.id)))
    }
}

/// A company.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CompanyKey(pub CompanyId);

impl Loader<CompanyKey> for Batch {
    type Value = Company;
    type Error = LoadError;
    async fn load(&self, keys: &[CompanyKey]) -> Result<HashMap<CompanyKey, Company>, LoadError> {
        let ids: Vec<CompanyId> = keys.iter().map(|key| key.0).collect();
        let rows = companies::lookup_many(self.reader(), self.scope().tenant, &ids).await?;
        Ok(by_key(rows, |company| CompanyKey(company.id)))
    }
}

/// A group.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupKey(pub GroupId);

impl Loader<GroupKey> for Batch {
    type Value = Group;
    type Error = LoadError;
    async fn load(&self, keys: &[GroupKey]) -> Result<HashMap<GroupKey, Group>, LoadError> {
        let ids: Vec<GroupId> = keys.iter().map(|key| key.0).collect();
        let rows = groups::lookup_many(self.reader(), self.scope().tenant, &ids).await?;
        Ok(by_key(rows, |group| GroupKey(group.id)))
    }
}

/// Who is in a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MembersKey(pub GroupId);

impl Loader<MembersKey> for Batch {
    type Value = Vec<Membership>;
    type Error = LoadError;
    async fn load(&self, keys: &[MembersKey]) -> Result<HashMap<MembersKey, Vec<Membership>>, LoadError> {
        let ids: Vec<GroupId> = keys.iter().map(|key| key.0).collect();
        let rows = groups::list_members(self.reader(), self.scope().tenant, &ids).await?;
        Ok(grouped(rows, |member| MembersKey(member.group)))
    }
}

/// The groups that a user is in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MembershipsKey(pub UserId);

impl Loader<MembershipsKey> for Batch {
    type Value = Vec<Membership>;
    type Error = LoadError;
    async fn load(&self, keys: &[MembershipsKey]) -> Result<HashMap<MembershipsKey, Vec<Membership>>, LoadError> {
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let rows = groups::list_by_users(self.reader(), self.scope().tenant, &ids).await?;
        Ok(grouped(rows, |member| MembershipsKey(member.user)))
    }
}

/// The calendar events of a copy. Only asked of a copy that the scope reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CalendarKey(pub LeadId);

impl Loader<CalendarKey> for Batch {
    type Value = Vec<CalendarEvent>;
    type Error = LoadError;
    async fn load(&self, keys: &[CalendarKey]) -> Result<HashMap<CalendarKey, Vec<CalendarEvent>>, LoadError> {
        let ids: Vec<LeadId> = keys.iter().map(|key| key.0).collect();
        let rows = calendar::list_by_leads(self.reader(), self.scope().tenant, &ids).await?;
        Ok(grouped(rows, |event| CalendarKey(event.lead)))
    }
}
