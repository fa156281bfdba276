//! What most tests need in their tenant: dealers with contacts, and leads. Made by the same actions as everything else, so that a test
//! that only needs "a lead that was offered" says so in one line.

use std::sync::atomic::{AtomicU32, Ordering};

use baton::actions::Call;
use baton::actions::intake::{NewLead, submit_lead};
use baton::actions::network::{contacts, dealers, users};
use baton::actions::reassign::{Reassignment, Target, reassign};
use baton::domain::dealer::ContactKind;
use baton::domain::id::{ContactId, DealerId, LeadId, UserId};
use baton::domain::input::{ContactInput, DealerInput, UserInput};
use baton::domain::lead::{Lead, Recipient};
use baton::domain::request::{Interest, Person, RequestInput};
use baton::store::{Scope, leads};
use serde_json::Value;

use super::app::TestApp;

/// What the customer of [`TestApp::offered_lead`] told: none of it may be seen before the lead is acknowledged.
pub const CONTACT_DATA: [&str; 5] = ["Jo Doe", "617-555-0100", "jo.doe@example.net", "12 Elm Street", "02138"];

impl TestApp {
    /// A dealer in Boston with one TO contact at `<name>@example.org`.
    pub async fn new_dealer(&self, name: &str) -> DealerId {
        static NUMBER: AtomicU32 = AtomicU32::new(1000);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
        let input = DealerInput {
            number: Some(number),
            name: Some(name.to_owned()),
            postal_code: Some(Some("02108".to_owned())),
            region: Some(Some("MA".to_owned())),
            ..DealerInput::default()
        };
        let admin = self.admin();
        let call = Call { actor: &admin, mutation: "createDealer", input: &Value::Null, key: None };
        let dealer = dealers::create_dealer(self.context(), call, &input).await.unwrap();
        self.new_contact(dealer, name, ContactKind::To).await;
        dealer
    }

    /// A contact of a dealer at `<name>@example.org`.
    pub async fn new_contact(&self, dealer: DealerId, name: &str, kind: ContactKind) -> ContactId {
        let input = ContactInput {
            kind: Some(kind),
            name: Some(name.to_owned()),
            email: Some(Some(format!("{}@example.org", name.to_lowercase()))),
            ..ContactInput::default()
        };
        let admin = self.admin();
        let call = Call { actor: &admin, mutation: "createContact", input: &Value::Null, key: None };
        contacts::create_contact(self.context(), call, dealer, &input).await.unwrap()
    }

    /// A lead of Jo Doe's, offered to a dealer; its mail waits in the outbox.
    pub async fn offered_lead(&self, dealer: DealerId) -> LeadId {
        self.offered_lead_from("02138", dealer).await
    }

    /// The same, as if Jo Doe lived elsewhere.
    pub async fn offered_lead_from(&self, postal_code: &str, dealer: DealerId) -> LeadId {
        let request = RequestInput {
            source: Some("web".to_owned()),
            interest: Interest { brand: Some("Aurora".to_owned()), product: Some("Comet".to_owned()), kind: None },
            person: Person {
                first_name: Some("Jo".to_owned()),
                last_name: Some("Doe".to_owned()),
                email: Some("jo.doe@example.net".to_owned()),
                phone: Some("617-555-0100".to_owned()),
            },
            street: Some("12 Elm Street".to_owned()),
            city: Some("Cambridge".to_owned()),
            region: Some("MA".to_owned()),
            postal_code: Some(postal_code.to_owned()),
            ..RequestInput::default()
        };
        let target = Some(Target::Recipient(Recipient::Dealer(dealer)));
        let lead = NewLead { request, custom: None, file_type: None, target, notify: true, push_to_crm: false };
        let admin = self.admin();
        let call = Call { actor: &admin, mutation: "submitLead", input: &Value::Null, key: None };
        submit_lead(self.context(), call, lead).await.unwrap().lead
    }

    /// Hands a lead on to a dealer, by the admin's hand; both dealers are told. Answers the new copy.
    pub async fn reassign(&self, lead: LeadId, dealer: DealerId) -> LeadId {
        let admin = self.admin();
        let call = Call { actor: &admin, mutation: "reassignLeads", input: &Value::Null, key: None };
        let given = Reassignment {
            leads: vec![lead],
            target: Target::Recipient(Recipient::Dealer(dealer)),
            reason: None,
            notify_new_owner: true,
            notify_old_owner: true,
            push_to_crm: false,
        };
        reassign(self.context(), call, given).await.unwrap().copies[0]
    }

    /// A copy as it stands in the database.
    pub async fn lead(&self, id: LeadId) -> Lead {
        leads::lookup(self.store().reader(), &Scope::system(self.tenant.id), id).await.unwrap().unwrap()
    }
}

impl TestApp {
    /// A member of staff, who may be a manager or a member by token.
    pub async fn new_user(&self, email: &str) -> UserId {
        let input = UserInput {
            first_name: Some("Mia".to_owned()),
            last_name: Some("Moss".to_owned()),
            email: Some(email.to_owned()),
            ..UserInput::default()
        };
        let admin = self.admin();
        let call = Call { actor: &admin, mutation: "createUser", input: &Value::Null, key: None };
        users::create_user(self.context(), call, &input).await.unwrap()
    }
}
