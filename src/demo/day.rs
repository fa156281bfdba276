//! The demo's living day: what customers and dealers would do next, by the clock that it is given. It does nothing itself:
//! its deeds are carried out by the same actions that real customers and dealers use.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::chance::Chance;
use super::customers::Customer;
use super::ground::Ground;
use crate::domain::dealer::ContactKind;
use crate::domain::id::{DealerId, LeadId, OfferId, TenantId};
use crate::domain::lead::LeadState;
use crate::domain::{Point, Timestamp};
use crate::places::SpatialIndex;
use crate::store::leads::{LeadFilter, LeadSort};
use crate::store::{Order, PageRequest, Scope, Store, StoreError, dealers, leads, offers};

/// Between two new requests, on average.
const REQUEST_EVERY: Duration = Duration::from_secs(20);
/// However late a step comes, it hands in no more than this: a machine that slept is not flooded.
const REQUESTS_PER_STEP_MAX: usize = 6;
/// Offered copies that a step looks at, the latest first: more than can be open at once at this pace.
const WAITING_MAX: u64 = 100;
/// Share of the offers that somebody reacts to; the others expire.
const ANSWERED: f64 = 0.68;
/// Share of the reactions that give the lead back at once.
const REJECTED: f64 = 0.06;
/// Until half of those who react have done so.
const ANSWER_MEDIAN: Duration = Duration::from_secs(75);

/// A new lead, as a partner hands it in.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Who asks for what.
    pub customer: Customer,
    /// The partner's own reference, never used twice.
    pub external_id: String,
    /// The dealer that the partner names, one near the customer; none for a customer without a place.
    pub dealer: Option<DealerId>,
}

/// Something that somebody does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A partner hands in a lead.
    Submit(Box<Submission>),
    /// A contact acknowledges by the link.
    Acknowledge {
        /// The link.
        offer: OfferId,
        /// The copy.
        lead: LeadId,
    },
    /// Who has acknowledged will work on it.
    Accept {
        /// The link.
        offer: OfferId,
        /// The copy.
        lead: LeadId,
    },
    /// A contact gives the lead back.
    Reject {
        /// The link.
        offer: OfferId,
        /// The copy.
        lead: LeadId,
        /// Why.
        reason: &'static str,
    },
}

/// A copy that waits for its recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The copy.
    pub lead: LeadId,
    /// A link that acknowledges it.
    pub offer: OfferId,
    /// Since when.
    pub offered_at: Timestamp,
}

/// One day, or as long as the demo runs.
pub struct Day {
    chance: Chance,
    ground: Ground,
    tenant: TenantId,
    dealers: Vec<DealerId>,
    index: SpatialIndex,
    next_request_at: Timestamp,
    /// What is going to happen, by its moment and the order in which it was thought of.
    plans: BTreeMap<(Timestamp, u64), Deed>,
    planned_count: u64,
    /// Copies that have been thought about, as long as they wait.
    known: BTreeSet<LeadId>,
}

impl Day {
    /// Begins at a moment, with the dealers as they are now.
    pub async fn begin(store: &Store, tenant: TenantId, seed: u64, now: Timestamp) -> Result<Self, StoreError> {
        let network = dealers::list_all(store.reader(), tenant).await?;
        let open = network.iter().filter(|dealer| dealer.active && dealer.accepts_leads);
        let places = open.filter_map(|dealer| Some((dealer.id, dealer.point?))).collect();
        Ok(Self::with_dealers(places, tenant, seed, now))
    }

    fn with_dealers(places: Vec<(DealerId, Point)>, tenant: TenantId, seed: u64, now: Timestamp) -> Self {
        let (dealers, points): (Vec<DealerId>, Vec<Point>) = places.into_iter().unzip();
        Self {
            chance: Chance::from_seed(seed),
            ground: Ground::load(),
            tenant,
            dealers,
            index: SpatialIndex::build(&points),
            next_request_at: now,
            plans: BTreeMap::new(),
            planned_count: 0,
            known: BTreeSet::new(),
        }
    }

    /// What happens up to `now` that has not happened yet, in order. To be asked every second or so.
    pub async fn step(&mut self, store: &Store, now: Timestamp) -> Result<Vec<Deed>, StoreError> {
        let waiting = self.waiting(store).await?;
        Ok(self.deeds(now, &waiting))
    }

    /// The same, told which copies wait.
    pub fn deeds(&mut self, now: Timestamp, waiting: &[Waiting]) -> Vec<Deed> {
        for copy in waiting.iter().filter(|copy| !self.known.contains(&copy.lead)).copied().collect::<Vec<_>>() {
            self.plan(now, copy);
        }
        self.known = waiting.iter().map(|copy| copy.lead).collect();
        let mut deeds: Vec<Deed> = self.submissions(now);
        let later = self.plans.split_off(&(now + Duration::from_micros(1), 0));
        deeds.extend(std::mem::replace(&mut self.plans, later).into_values());
        deeds
    }

    async fn waiting(&self, store: &Store) -> Result<Vec<Waiting>, StoreError> {
        let (conn, scope) = (store.reader(), Scope::system(self.tenant));
        let filter = LeadFilter { state: Some(LeadState::Offered), ..LeadFilter::default() };
        let page = PageRequest::first(WAITING_MAX);
        let newest = leads::list(conn, &scope, &filter, (LeadSort::UpdatedAt, Order::Desc), &page).await?;
        // Only what a job looks after: what else waits has waited for days.
        let copies: Vec<_> =
            newest.rows.into_iter().map(|(_, lead)| lead).filter(|lead| lead.due_at.is_some()).collect();
        let ids: Vec<LeadId> = copies.iter().map(|lead| lead.id).collect();
        let links = offers::list_by_leads(conn, self.tenant, &ids).await?;
        let waiting = copies.iter().filter_map(|lead| {
            let offer = links.iter().find(|offer| offer.lead == lead.id && offer.kind == ContactKind::To)?;
            Some(Waiting { lead: lead.id, offer: offer.id, offered_at: lead.times.offered_at? })
        });
        Ok(waiting.collect())
    }

    /// Decides once what becomes of a copy, as far as its recipient goes.
    fn plan(&mut self, now: Timestamp, copy: Waiting) {
        if !self.chance.holds(ANSWERED) {
            return;
        }
        let Waiting { lead, offer, offered_at } = copy;
        let at = (offered_at + self.chance.wait(ANSWER_MEDIAN, 0.7)).max(now);
        if self.chance.holds(REJECTED) {
            return self.remember(at, Deed::Reject { offer, lead, reason: "Not in stock" });
        }
        self.remember(at, Deed::Acknowledge { offer, lead });
        let accepted_at = at + self.chance.wait(Duration::from_mins(2), 0.5);
        self.remember(accepted_at, Deed::Accept { offer, lead });
    }

    fn remember(&mut self, at: Timestamp, deed: Deed) {
        self.planned_count += 1;
        self.plans.insert((at, self.planned_count), deed);
    }

    fn submissions(&mut self, now: Timestamp) -> Vec<Deed> {
        let mut deeds = Vec::new();
        while self.next_request_at <= now && deeds.len() < REQUESTS_PER_STEP_MAX {
            deeds.extend(self.submission(now).map(|new| Deed::Submit(Box::new(new))));
            // Arrivals that know nothing of each other (exponential waiting times).
            let wait = REQUEST_EVERY.mul_f64(-(1.0 - self.chance.unit()).ln());
            self.next_request_at = self.next_request_at + wait.max(Duration::from_millis(1));
        }
        self.next_request_at = self.next_request_at.max(now);
        deeds
    }

    fn submission(&self, now: Timestamp) -> Option<Submission> {
        let customer = Customer::draw(&self.chance, &self.ground)?;
        let near = customer.point.map(|(point, _)| self.index.nearest(point, 3)).unwrap_or_default();
        let dealer = near.get(self.chance.below(near.len()));
        let dealer = dealer.and_then(|near| self.dealers.get(near.index as usize)).copied();
        let external_id = format!("live-{}", self.chance.id::<uuid::Uuid>(now).simple());
        Some(Submission { customer, external_id, dealer })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::clock::{Clock, SetClock};

    const START: Timestamp = Timestamp::from_micros(1_795_300_000_000_000);

    fn day() -> Day {
        let place = |number: u32| {
            let point = Point::new(f64::from(number % 40) + 10.0, -f64::from(number % 60) - 60.0).unwrap();
            (DealerId(Uuid::from_u128(u128::from(number))), point)
        };
        Day::with_dealers((0..200).map(place).collect(), TenantId(Uuid::from_u128(1)), 4, START)
    }

    fn waiting(number: u128, offered_at: Timestamp) -> Waiting {
        Waiting { lead: LeadId(Uuid::from_u128(number)), offer: OfferId(Uuid::from_u128(number)), offered_at }
    }

    // RUN-5
    #[test]
    fn a_few_leads_come_in_each_minute_and_never_twice_the_same() {
        let (clock, mut day) = (SetClock::at(START), day());
        let mut references = BTreeSet::new();
        for _ in 0..3_600 {
            for deed in day.deeds(clock.now(), &[]) {
                let Deed::Submit(new) = deed else { panic!("{deed:?}") };
                assert_eq!(new.dealer.is_some(), new.customer.point.is_some());
                assert!(references.insert(new.external_id.clone()));
            }
            clock.advance(Duration::from_secs(1));
        }
        assert!((130..=230).contains(&references.len()), "{} in an hour", references.len());
    }

    #[test]
    fn a_step_that_comes_late_hands_in_only_a_handful() {
        let (clock, mut day) = (SetClock::at(START), day());
        clock.advance(Duration::from_hours(9));
        assert_eq!(day.deeds(clock.now(), &[]).len(), REQUESTS_PER_STEP_MAX);
        assert!(day.deeds(clock.now(), &[]).len() <= 1);
    }

    // RUN-5
    #[test]
    fn most_recipients_answer_within_minutes_once_each_and_some_never() {
        let (clock, mut day) = (SetClock::at(START), day());
        let copies: Vec<Waiting> = (0..300).map(|number| waiting(number, START)).collect();
        let (mut answered, mut accepted, mut early) = (BTreeSet::new(), BTreeSet::new(), 0);
        for second in 0..3_600 {
            for deed in day.deeds(clock.now(), &copies) {
                match deed {
                    Deed::Submit(_) => {}
                    Deed::Acknowledge { lead, .. } | Deed::Reject { lead, .. } => {
                        assert!(answered.insert(lead), "{lead} is answered once");
                        early += usize::from(second <= 120);
                    }
                    Deed::Accept { lead, .. } => assert!(answered.contains(&lead) && accepted.insert(lead)),
                }
            }
            clock.advance(Duration::from_secs(1));
        }
        assert!((170..=235).contains(&answered.len()), "{} of 300", answered.len());
        assert!(early * 2 > answered.len(), "{early} within two minutes");
        assert!(accepted.len() < answered.len());
    }

    #[test]
    fn the_same_seed_lives_the_same_day() {
        let live = || {
            let (clock, mut day) = (SetClock::at(START), day());
            let copies: Vec<Waiting> = (0..40).map(|number| waiting(number, START)).collect();
            let mut deeds = Vec::new();
            for _ in 0..300 {
                deeds.push(format!("{:?}", day.deeds(clock.now(), &copies)));
                clock.advance(Duration::from_secs(1));
            }
            deeds
        };
        assert_eq!(live(), live());
    }
}
