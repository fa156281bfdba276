//! Who can be told: the people behind recipients, loaded for a whole batch in a fixed number of statements.

use std::collections::HashMap;

use chrono_tz::Tz;

use crate::domain::dealer::{Contact, ContactKind, CrmIntegration};
use crate::domain::id::{DealerId, TenantId, UserId};
use crate::domain::lead::Recipient;
use crate::domain::offer::Addressee;
use crate::domain::user::User;
use crate::store::dealers::{self, Entry};
use crate::store::{Conn, StoreError, contacts, users};

/// The people behind some recipients.
#[derive(Default)]
pub struct Directory {
    dealers: HashMap<DealerId, Entry>,
    contacts: HashMap<DealerId, Vec<Contact>>,
    users: HashMap<UserId, User>,
}

/// Somebody who can be written to.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub addressee: Addressee,
    /// Whether their link acknowledges or only shows the status.
    pub kind: ContactKind,
    /// Their name.
    pub name: String,
    /// Their mail address.
    pub email: String,
    /// The zone in which they read times.
    pub zone: Tz,
}

impl Directory {
    /// The people behind `recipients`.
    pub async fn load(conn: &Conn, tenant: TenantId, recipients: &[Recipient]) -> Result<Self, StoreError> {
        let (mut dealer_ids, mut user_ids) = (Vec::new(), Vec::new());
        for recipient in recipients {
            match recipient {
                Recipient::Dealer(id) => dealer_ids.push(*id),
                Recipient::User(id) => user_ids.push(*id),
            }
        }
        dealer_ids.sort_unstable();
        dealer_ids.dedup();
        user_ids.sort_unstable();
        user_ids.dedup();
        let mut directory = Self::default();
        for dealer in dealers::list_entries(conn, tenant, &dealer_ids).await? {
            directory.dealers.insert(dealer.id, dealer);
        }
        for contact in contacts::list_by_dealers(conn, tenant, &dealer_ids).await? {
            directory.contacts.entry(contact.dealer).or_default().push(contact);
        }
        for user in users::lookup_many(conn, tenant, &user_ids).await? {
            directory.users.insert(user.id, user);
        }
        Ok(directory)
    }

    /// What people call a recipient.
    pub fn name(&self, recipient: Recipient) -> String {
        match recipient {
            Recipient::Dealer(id) => self.dealers.get(&id).map_or_else(|| id.to_string(), |dealer| dealer.name.clone()),
            Recipient::User(id) => self.users.get(&id).map_or_else(|| id.to_string(), User::name),
        }
    }

    /// Whether the recipient exists.
    pub fn knows(&self, recipient: Recipient) -> bool {
        match recipient {
            Recipient::Dealer(id) => self.dealers.contains_key(&id),
            Recipient::User(id) => self.users.contains_key(&id),
        }
    }

    /// Whether the recipient is part of the network.
    pub fn is_active(&self, recipient: Recipient) -> bool {
        match recipient {
            Recipient::Dealer(id) => self.dealers.get(&id).is_some_and(|dealer| dealer.active),
            Recipient::User(id) => self.users.get(&id).is_some_and(|user| user.active),
        }
    }

    /// Whether the recipient exists and may still get leads: the check that the write makes.
    pub fn may_receive(&self, recipient: Recipient) -> bool {
        match recipient {
            Recipient::Dealer(id) => self.dealers.get(&id).is_some_and(|dealer| dealer.active && dealer.accepts_leads),
            Recipient::User(id) => self.users.get(&id).is_some_and(|user| user.active),
        }
    }

    /// The systems to which copies of a recipient are pushed; users have none.
    pub fn crm(&self, recipient: Recipient) -> impl Iterator<Item = &CrmIntegration> {
        let dealer = match recipient {
            Recipient::Dealer(id) => self.dealers.get(&id),
            Recipient::User(_) => None,
        };
        dealer.into_iter().flat_map(|dealer| &dealer.crm).filter(|crm| crm.active)
    }

    /// Those who can be written to, those who may acknowledge first.
    pub fn people(&self, recipient: Recipient) -> Vec<Person> {
        match recipient {
            Recipient::Dealer(id) => self.dealer_people(id),
            Recipient::User(id) => {
                self.users.get(&id).filter(|user| user.active).map(user_person).into_iter().collect()
            }
        }
    }

    fn dealer_people(&self, id: DealerId) -> Vec<Person> {
        let Some(dealer) = self.dealers.get(&id) else { return Vec::new() };
        let contacts = self.contacts.get(&id).map(Vec::as_slice).unwrap_or_default();
        let person = |contact: &Contact| {
            let email = contact.email.clone().filter(|_| contact.can_be_told())?;
            let addressee = Addressee::Contact(contact.id);
            Some(Person { addressee, kind: contact.kind, name: contact.name.clone(), email, zone: dealer.time_zone })
        };
        let mut people: Vec<Person> = contacts.iter().filter_map(person).collect();
        people.sort_by_key(|person| person.kind == ContactKind::Cc);
        people
    }
}

/// A user as somebody who can be written to.
pub fn user_person(user: &User) -> Person {
    Person {
        addressee: Addressee::User(user.id),
        kind: ContactKind::To,
        name: user.name(),
        email: user.email.clone(),
        zone: user.time_zone,
    }
}
