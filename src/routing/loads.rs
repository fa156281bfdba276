//! What the candidates have in hand: open leads, today's leads, how well they acknowledge.
//!
//! Counts come from outside; here they only change as leads are handed out within one batch.

use std::borrow::Cow;
use std::sync::Arc;

use super::network::{Network, Pool};
use crate::domain::interface::CandidateKind;
use crate::domain::lead::Recipient;

/// What one recipient has in hand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Offered, acknowledged and accepted leads.
    pub open: i64,
    /// Leads offered since the start of the tenant's day.
    pub today: i64,
    /// Share of offers that were acknowledged, 0 to 1; none without offers.
    pub ack_rate: Option<f64>,
    /// Minutes from offer to acknowledgement; none without any.
    pub response_minutes: Option<f64>,
}

/// The loads of a network's recipients.
#[derive(Clone, Debug)]
pub struct Loads {
    network: Arc<Network>,
    dealers: Vec<Load>,
    users: Vec<Load>,
    /// Places of the dealers that were found at capacity; some may have room again.
    full: Vec<u32>,
}

impl Loads {
    /// Nobody has anything.
    pub fn none(network: &Arc<Network>) -> Self {
        let mut none = Self { network: Arc::clone(network), dealers: Vec::new(), users: Vec::new(), full: Vec::new() };
        none.find_full();
        none
    }

    /// From the recipients that have any; those of another network are left out.
    pub fn new(network: &Arc<Network>, loads: impl IntoIterator<Item = (Recipient, Load)>) -> Self {
        let mut filled = Self {
            dealers: vec![Load::default(); network.pool(CandidateKind::Dealer).len()],
            users: vec![Load::default(); network.pool(CandidateKind::User).len()],
            network: Arc::clone(network),
            full: Vec::new(),
        };
        for (recipient, load) in loads {
            if let Some(own) = filled.slot(recipient) {
                *own = load;
            }
        }
        filled.find_full();
        filled
    }

    /// What a recipient has.
    pub fn of(&self, recipient: Recipient) -> Load {
        let place = self.network.place(recipient).unwrap_or(u32::MAX);
        match recipient {
            Recipient::Dealer(_) => self.at(CandidateKind::Dealer, place),
            Recipient::User(_) => self.at(CandidateKind::User, place),
        }
    }

    /// How many more leads a recipient can take; none if there is no limit.
    pub fn room(&self, recipient: Recipient) -> Option<u32> {
        let Recipient::Dealer(_) = recipient else { return None };
        let capacity = self.dealer_pool().capacity(self.network.place(recipient)?);
        let load = self.of(recipient);
        let left =
            |most: Option<i64>, has: i64| most.map(|most| u32::try_from((most - has).max(0)).unwrap_or(u32::MAX));
        [left(capacity.open, load.open), left(capacity.per_day, load.today)].into_iter().flatten().min()
    }

    /// One more lead was offered to a recipient.
    pub fn add(&mut self, recipient: Recipient) {
        if self.dealers.is_empty() && self.users.is_empty() {
            *self = Self::new(&Arc::clone(&self.network), []);
        }
        if let Some(load) = self.slot(recipient) {
            load.open += 1;
            load.today += 1;
        }
        let place = self.network.place(recipient);
        if let (Recipient::Dealer(_), Some(place)) = (recipient, place)
            && self.is_full(place)
            && !self.full.contains(&place)
        {
            self.full.push(place);
        }
    }

    /// One open lead less.
    pub fn take(&mut self, recipient: Recipient) {
        if let Some(load) = self.slot(recipient) {
            load.open = load.open.saturating_sub(1).max(0);
        }
    }

    /// The same loads by the places of another network.
    pub(super) fn fitted(&self, network: &Arc<Network>) -> Cow<'_, Self> {
        if Arc::ptr_eq(network, &self.network) {
            return Cow::Borrowed(self);
        }
        let of = |kind| {
            let ids = self.network.pool(kind).ids();
            ids.iter().zip(0_u32..).map(move |(id, place)| (*id, self.at(kind, place)))
        };
        Cow::Owned(Self::new(network, of(CandidateKind::Dealer).chain(of(CandidateKind::User))))
    }

    pub(super) fn at(&self, kind: CandidateKind, place: u32) -> Load {
        let loads = match kind {
            CandidateKind::Dealer => &self.dealers,
            CandidateKind::User => &self.users,
        };
        loads.get(place as usize).copied().unwrap_or_default()
    }

    /// Whether a dealer can take no further lead.
    pub(super) fn is_full(&self, place: u32) -> bool {
        let capacity = self.dealer_pool().capacity(place);
        let load = self.at(CandidateKind::Dealer, place);
        capacity.open.is_some_and(|most| load.open >= most) || capacity.per_day.is_some_and(|most| load.today >= most)
    }

    /// The dealers at capacity.
    pub(super) fn full(&self) -> impl Iterator<Item = u32> + '_ {
        self.full.iter().copied().filter(|place| self.is_full(*place))
    }

    fn find_full(&mut self) {
        let full = self.dealer_pool().limited().iter().copied().filter(|place| self.is_full(*place)).collect();
        self.full = full;
    }

    fn dealer_pool(&self) -> &Pool {
        self.network.pool(CandidateKind::Dealer)
    }

    fn slot(&mut self, recipient: Recipient) -> Option<&mut Load> {
        let place = self.network.place(recipient)? as usize;
        match recipient {
            Recipient::Dealer(_) => self.dealers.get_mut(place),
            Recipient::User(_) => self.users.get_mut(place),
        }
    }
}
