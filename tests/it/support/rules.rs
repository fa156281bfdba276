//! Interfaces and jobs for tests, written straight to the store: what making them refuses is tested where they are made.

use std::time::Duration;

use baton::actions::Call;
use baton::actions::network::{contacts, dealers};
use baton::domain::dealer::ContactKind;
use baton::domain::id::{DealerId, InterfaceId, JobId, LeadId};
use baton::domain::input::{ContactInput, DealerInput};
use baton::domain::interface::{
    CandidateKind, DEFAULT_RADIUS_KM, Definition, Direction, Interface, InterfaceVersion, Nulls, Radius, SortLevel,
};
use baton::domain::job::{Algorithm, Fallback, Job, Notify, Ranking};
use baton::domain::lead::{Lead, Recipient};
use baton::rules::{Catalog, CatalogParts, Context, Expect, check};
use baton::store::rule::{Pushed, Rows};
use baton::store::{Order, PageRequest, Scope, interfaces, jobs, leads};
use futures_util::StreamExt;
use serde_json::Value;

use super::app::TestApp;

/// Postal codes around Boston by their distance from Cambridge, where the tests' customer lives: the first is the nearest.
pub const NEAR_TO_FAR: [&str; 6] = ["02139", "02446", "02108", "02169", "01701", "01608"];

/// An hour: the elapsed time of the tests' jobs.
pub const HOUR: Duration = Duration::from_hours(1);

/// All active dealers within the default radius, nearest first.
pub fn nearest_first() -> Definition {
    Definition {
        filter: String::new(),
        radius: Radius::Within { km: DEFAULT_RADIUS_KM },
        same_country: true,
        exclude_recipients: true,
        sort: vec![SortLevel {
            expression: "dealer.distance_km".to_owned(),
            direction: Direction::Asc,
            nulls: Nulls::Last,
        }],
        limit: 50,
    }
}

impl TestApp {
    /// A dealer at a postal code, with one TO contact at `<name>@example.org`.
    pub async fn dealer_at(&self, name: &str, postal_code: &str, more: DealerInput) -> DealerId {
        let input = DealerInput {
            number: Some(name.to_uppercase()),
            name: Some(name.to_owned()),
            postal_code: Some(Some(postal_code.to_owned())),
            ..more
        };
        let admin = self.admin();
        let call = |mutation| Call { actor: &admin, mutation, input: &Value::Null, key: None };
        let dealer = dealers::create_dealer(self.context(), call("createDealer"), &input).await.unwrap();
        let contact = ContactInput {
            kind: Some(ContactKind::To),
            name: Some(name.to_owned()),
            email: Some(Some(format!("{}@example.org", name.to_lowercase()))),
            ..ContactInput::default()
        };
        contacts::create_contact(self.context(), call("createContact"), dealer, &contact).await.unwrap();
        dealer
    }

    /// Dealers `D1`, `D2` … at [`NEAR_TO_FAR`].
    pub async fn dealers(&self, count: usize) -> Vec<DealerId> {
        let mut made = Vec::new();
        for (index, code) in NEAR_TO_FAR.iter().take(count).enumerate() {
            made.push(self.dealer_at(&format!("D{}", index + 1), code, DealerInput::default()).await);
        }
        made
    }

    /// A published interface.
    pub async fn interface(&self, name: &str, kind: CandidateKind, definition: Definition) -> InterfaceId {
        let at = self.now();
        let interface = Interface {
            tenant: self.tenant.id,
            id: self.context().id(at),
            name: name.to_owned(),
            description: String::new(),
            candidate_kind: kind,
            draft: None,
            published_number: Some(1),
            version: 1,
            created_at: at,
            updated_at: at,
        };
        let version = InterfaceVersion {
            id: self.context().id(at),
            interface: interface.id,
            number: 1,
            definition,
            note: String::new(),
            published_by: "test".to_owned(),
            published_at: at,
        };
        let writer = self.store().writer();
        interfaces::insert(writer, &interface).await.unwrap();
        interfaces::insert_version(writer, self.tenant.id, &version).await.unwrap();
        interface.id
    }

    /// An enabled job after an hour, from `interface`, changed as the test needs.
    pub async fn job(&self, name: &str, interface: InterfaceId, change: impl FnOnce(&mut Job)) -> JobId {
        let at = self.now();
        let mut job = Job {
            tenant: self.tenant.id,
            id: self.context().id(at),
            name: name.to_owned(),
            enabled: true,
            position: 1,
            condition: String::new(),
            elapsed: HOUR,
            upper_age: Duration::from_hours(24),
            interface,
            algorithm: Algorithm::Single,
            blast_size: 3,
            ranking: Ranking::Recomputed,
            max_rounds: 10,
            gives_turn_back: false,
            fallback: Fallback::Leave,
            keep_original: false,
            notify: Notify { old_owner: false, new_owner: true, manager: false, warn_before: None },
            push_to_crm: false,
            version: 1,
            created_at: at,
            updated_at: at,
        };
        change(&mut job);
        jobs::insert(self.store().writer(), &job).await.unwrap();
        leads::rearm(self.store().writer(), self.tenant.id, job.elapsed, job.notify.warn_before).await.unwrap();
        job.id
    }

    /// The copies of a lead's request, by round and time.
    pub async fn copies(&self, lead: LeadId) -> Vec<Lead> {
        let scope = Scope::system(self.tenant.id);
        let request = self.lead(lead).await.request;
        leads::chains(self.store().reader(), &scope, &[request]).await.unwrap()
    }

    /// The copies for which an expression over built-in fields holds.
    pub fn leads_where(&self, text: &str) -> leads::LeadFilter {
        let catalog = Catalog::new(CatalogParts::default());
        let rule = check(text, &catalog, Context::LeadCondition, Expect::Condition).unwrap();
        let pushed = Pushed::condition(self.store().reader(), (&rule, &catalog), Rows::Leads, self.now()).unwrap();
        leads::LeadFilter { rule: Some(pushed), ..leads::LeadFilter::default() }
    }

    /// All copies of the tenant that match.
    pub async fn all_leads(&self, filter: &leads::LeadFilter) -> Vec<Lead> {
        let scope = Scope::system(self.tenant.id);
        let order = (leads::LeadSort::ReceivedAt, Order::Asc);
        let all = PageRequest::first(100_000);
        leads::list(self.store().reader(), &scope, filter, order, &all).await.unwrap().into_rows()
    }

    /// Many offered leads of one dealer.
    pub async fn offered_leads(&self, dealer: DealerId, count: usize) {
        // Sixteen at a time keep the database busy; SQLite's one writer takes them in turn.
        let made = futures_util::stream::iter(0..count).map(|_| self.offered_lead(dealer));
        made.buffer_unordered(16).for_each(|_| std::future::ready(())).await;
    }

    /// The newest copy of a lead's request.
    pub async fn newest(&self, lead: LeadId) -> Lead {
        self.copies(lead).await.pop().unwrap()
    }

    /// Passes an hour and does what is due.
    pub async fn an_hour_later(&self) {
        self.advance(HOUR);
        self.work().await;
    }
}

/// The dealer who has a copy.
pub fn holder(lead: &Lead) -> DealerId {
    match lead.recipient {
        Some(Recipient::Dealer(dealer)) => dealer,
        other => panic!("no dealer has it: {other:?}"),
    }
}
