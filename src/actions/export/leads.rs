//! Leads as CSV, page by page by key: each page is a few short reads, whatever the number of leads.

use std::collections::HashMap;

use super::cell;
use super::file::Place;
use super::lines::Lines;
use crate::actions::lists::columns::{self, CustomerField};
use crate::actions::lists::{Column, ColumnSource, GivenFilter, Opened, condition};
use crate::actions::network::Definitions;
use crate::actions::sight::sees_field;
use crate::actions::{ActionError, Context};
use crate::domain::actor::Actor;
use crate::domain::dealer::Dealer;
use crate::domain::download::LeadTable;
use crate::domain::id::{DealerId, GroupId, RequestId, UserId};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::list::ListSort;
use crate::domain::request::Request;
use crate::domain::user::User;
use crate::routing::{Own, Record};
use crate::rules::{FieldSource, Root, UserField};
use crate::store::leads::LeadFilter;
use crate::store::{Conn, PageRequest, Scope, StoreError, dealers, groups, leads, requests, users};

/// Long enough that statements do not dominate, short enough that a page of long texts is some megabytes.
const PAGE_ROWS: u64 = 500;

/// A table of leads that is being written.
pub struct LeadExport {
    conn: Conn,
    actor: Actor,
    scope: Scope,
    definitions: Definitions,
    columns: Vec<Column>,
    filter: LeadFilter,
    sort: ListSort,
    place: Place,
}

/// What surrounds the leads of a page.
#[derive(Default)]
struct Surroundings {
    requests: HashMap<RequestId, Request>,
    dealers: HashMap<DealerId, Dealer>,
    users: HashMap<UserId, User>,
    groups: HashMap<UserId, Vec<String>>,
}

impl LeadExport {
    /// Makes ready to write a table for an actor. Refused if its filter reads what the actor does not see.
    pub async fn open(cx: &Context, actor: &Actor, table: &LeadTable) -> Result<Self, ActionError> {
        let conn = cx.store.reader().clone();
        let catalog = cx.catalogs.load(&conn, actor.tenant).await?;
        let filter = GivenFilter::kept(&table.filter).check(&catalog)?;
        let rule = condition(&catalog, actor, table.base, filter.as_ref())?;
        let columns = table.columns.iter().filter_map(|path| columns::find(path, &catalog)).collect();
        let filter = Opened { catalog, rule }.filter(&conn, cx.clock.now())?;
        let definitions = Definitions::load(&conn, actor.tenant).await?;
        let (scope, actor, sort) = (Scope::of(actor), actor.clone(), table.sort);
        Ok(Self { conn, actor, scope, definitions, columns, filter, sort, place: Place::Before })
    }

    /// The next part of the file, the first with its headings; nothing when it is whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut lines = Lines::new();
        let after = match &self.place {
            Place::End => return Ok(None),
            Place::Before => {
                lines.add(self.columns.iter().map(|column| cell::text(&column.label)))?;
                None
            }
            Place::After(key) => Some(key.clone()),
        };
        let page = PageRequest { after, ..PageRequest::first(PAGE_ROWS) };
        let order = (self.sort.field, self.sort.order);
        let found = leads::list(&self.conn, &self.scope, &self.filter, order, &page).await?;
        let last = found.rows.last().map(|(key, _)| key.clone()).filter(|_| found.has_next);
        let copies = found.into_rows();
        let around = self.surroundings(&copies).await?;
        for copy in &copies {
            lines.add(self.cells(copy, &around)?)?;
        }
        self.place = last.map_or(Place::End, Place::After);
        lines.finish().map(Some)
    }

    async fn surroundings(&self, copies: &[Lead]) -> Result<Surroundings, StoreError> {
        let (conn, tenant) = (&self.conn, self.actor.tenant);
        let ids: Vec<RequestId> = copies.iter().map(|copy| copy.request).collect();
        let mut around = Surroundings::default();
        for request in requests::lookup_many(conn, tenant, &ids).await? {
            around.requests.insert(request.id, request);
        }
        if self.reads(Root::LeadDealer) {
            let ids: Vec<DealerId> = copies.iter().filter_map(dealer_of).collect();
            let found = dealers::lookup_many(conn, tenant, &ids).await?;
            around.dealers = found.into_iter().map(|dealer| (dealer.id, dealer)).collect();
        }
        if self.reads(Root::LeadOwner) {
            let ids: Vec<UserId> = copies.iter().filter_map(owner_of).collect();
            let found = users::lookup_many(conn, tenant, &ids).await?;
            around.users = found.into_iter().map(|user| (user.id, user)).collect();
            if self.reads_groups() {
                around.groups = self.groups(&ids).await?;
            }
        }
        Ok(around)
    }

    /// The names of each user's groups, in order.
    async fn groups(&self, ids: &[UserId]) -> Result<HashMap<UserId, Vec<String>>, StoreError> {
        let memberships = groups::list_by_users(&self.conn, self.actor.tenant, ids).await?;
        let groups: Vec<GroupId> = memberships.iter().map(|membership| membership.group).collect();
        let found = groups::lookup_many(&self.conn, self.actor.tenant, &groups).await?;
        let names: HashMap<GroupId, String> = found.into_iter().map(|group| (group.id, group.name)).collect();
        let mut by_user: HashMap<UserId, Vec<String>> = HashMap::new();
        for membership in memberships {
            by_user.entry(membership.user).or_default().extend(names.get(&membership.group).cloned());
        }
        for names in by_user.values_mut() {
            names.sort_unstable();
        }
        Ok(by_user)
    }

    fn cells(&self, copy: &Lead, around: &Surroundings) -> Result<Vec<String>, StoreError> {
        let request = around.requests.get(&copy.request);
        let request = request.ok_or_else(|| StoreError::corrupt("leads.request_id", "there is no such request"))?;
        let owner = owner_of(copy);
        let record = Record {
            lead: copy,
            request,
            dealer: dealer_of(copy).and_then(|dealer| around.dealers.get(&dealer)),
            owner: owner.and_then(|owner| around.users.get(&owner)),
            groups: owner.and_then(|owner| around.groups.get(&owner)).map(Vec::as_slice).unwrap_or_default(),
        };
        Ok(self.columns.iter().map(|column| self.cell(column, &record)).collect())
    }

    /// Empty where the actor does not see the value.
    fn cell(&self, column: &Column, record: &Record<'_>) -> String {
        let own = Own { fields: &self.definitions.fields, categories: &self.definitions.categories };
        let plain = |text: &Option<String>| text.as_deref().map(cell::text).unwrap_or_default();
        match &column.source {
            ColumnSource::Field { root, source, .. } if !sees_field(&self.actor, *root, source) => String::new(),
            ColumnSource::Field { root, source: FieldSource::Custom(key), .. } => {
                record.custom(*root, key, own).as_ref().map(cell::custom).unwrap_or_default()
            }
            ColumnSource::Field { root, source, .. } => {
                record.with_value(*root, source, own, |value| cell::value(&value))
            }
            ColumnSource::Customer(_) if !self.scope.shows_person(record.lead.recipient, record.lead.state) => {
                String::new()
            }
            ColumnSource::Customer(field) => {
                let request = record.request;
                match field {
                    CustomerField::FirstName => plain(&request.person.first_name),
                    CustomerField::LastName => plain(&request.person.last_name),
                    CustomerField::Email => plain(&request.person.email),
                    CustomerField::Phone => plain(&request.person.phone),
                    CustomerField::Street => plain(&request.address.street),
                    CustomerField::Comments => plain(&request.comments),
                }
            }
            ColumnSource::ExternalId => plain(&record.request.external_id),
        }
    }

    fn reads(&self, wanted: Root) -> bool {
        self.columns.iter().any(|column| matches!(&column.source, ColumnSource::Field { root, .. } if *root == wanted))
    }

    fn reads_groups(&self) -> bool {
        let groups = FieldSource::User(UserField::Groups);
        self.columns
            .iter()
            .any(|column| matches!(&column.source, ColumnSource::Field { source, .. } if *source == groups))
    }
}

fn dealer_of(copy: &Lead) -> Option<DealerId> {
    match copy.recipient {
        Some(Recipient::Dealer(dealer)) => Some(dealer),
        _ => None,
    }
}

fn owner_of(copy: &Lead) -> Option<UserId> {
    match copy.recipient {
        Some(Recipient::User(user)) => Some(user),
        _ => None,
    }
}
