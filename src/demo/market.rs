//! Who would have got a lead: the demo's dealers, ranked by the engine itself under the versions that were published then.
//!
//! What candidates had in hand at the time is not part of it: the past is not replayed lead by lead.

use std::collections::HashMap;
use std::sync::Arc;

use super::course::Party;
use super::network::Network;
use crate::domain::Timestamp;
use crate::domain::decision::{Excluded, RankedCandidate};
use crate::domain::id::DealerId;
use crate::domain::interface::CandidateKind;
use crate::domain::lead::{Lead, Recipient};
use crate::domain::request::Request;
use crate::places::distance_km;
use crate::routing::{self, Loads, NetworkParts, Plan, Question, Sorted, Subject};

/// The dealers of a network, ready to be ranked.
pub struct Market {
    network: Arc<routing::Network>,
    /// In the order of the published versions.
    plans: Vec<Option<Plan>>,
    loads: Loads,
    places: HashMap<DealerId, usize>,
}

/// The lead that somebody is looked for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The copy that is to be placed or handed on.
    pub lead: &'a Lead,
    /// What the customer asked for.
    pub request: &'a Request,
    /// Who had it before.
    pub chain: &'a [Recipient],
    /// The moment.
    pub at: Timestamp,
}

/// The ranked, and the counts of the others.
#[derive(Clone, Debug, Default)]
pub struct Ranked {
    /// Best first, as many as the interface allows.
    pub candidates: Vec<RankedCandidate>,
    /// All dealers.
    pub considered: u64,
    /// Those that match, ranked or past the limit.
    pub matched: u64,
    /// The others.
    pub excluded: Excluded,
}

impl Ranked {
    /// Who is ranked, best first.
    pub fn recipients(&self) -> Vec<Recipient> {
        self.candidates.iter().map(|candidate| candidate.recipient).collect()
    }
}

impl Market {
    /// Compiles a network's interfaces.
    pub fn of(network: &Network) -> Self {
        let desks = network.dealers.iter().zip(&network.desks);
        let reachable = desks.filter(|(_, desk)| !desk.to.is_empty()).map(|(dealer, _)| dealer.id).collect();
        let parts = NetworkParts {
            version: network.tenant.network_version,
            dealers: network.dealers.clone(),
            reachable,
            users: network.staff.users.clone(),
            groups: network.staff.groups.clone(),
            memberships: network.staff.memberships.clone(),
            fields: network.definitions.fields.clone(),
            categories: network.definitions.categories.clone(),
        };
        let engine = Arc::new(routing::Network::build(parts));
        let compile = |definition| Plan::compile(Arc::clone(&engine), CandidateKind::Dealer, definition).ok();
        // INVARIANT: the definitions are constants, and a test holds that each of them compiles.
        let plans = network.definitions.versions.iter().map(|version| compile(&version.definition)).collect();
        let places = network.dealers.iter().enumerate().map(|(place, dealer)| (dealer.id, place)).collect();
        Self { loads: Loads::none(&engine), network: engine, plans, places }
    }

    /// The candidates under a version, by its place among the published ones.
    pub fn rank(&self, version: usize, wanted: Wanted<'_>, sorted: Sorted) -> Ranked {
        let Some(plan) = self.plans.get(version).and_then(Option::as_ref) else { return Ranked::default() };
        let subject = Subject::new(&self.network, wanted.lead, wanted.request, wanted.chain);
        let question = Question { subject: &subject, loads: &self.loads, now: wanted.at };
        let ranking = plan.rank(question, sorted);
        Ranked {
            candidates: plan.describe(question, &ranking),
            considered: ranking.considered,
            matched: ranking.matched,
            excluded: ranking.excluded(),
        }
    }

    /// The one candidate that somebody named.
    pub fn named(&self, network: &Network, place: usize, request: &Request) -> Ranked {
        let candidate = network.dealers.get(place).map(|dealer| RankedCandidate {
            recipient: Recipient::Dealer(dealer.id),
            label: self.network.label(Recipient::Dealer(dealer.id)).unwrap_or_default().to_owned(),
            rank: 1,
            distance_km: request.point.zip(dealer.point).map(|((from, _), to)| distance_km(from, to)),
            keys: Vec::new(),
        });
        let candidates: Vec<RankedCandidate> = candidate.into_iter().collect();
        Ranked { candidates, considered: 1, matched: 1, excluded: Excluded::default() }
    }

    /// A dealer's place in the demo's network.
    pub fn party(&self, recipient: Recipient) -> Option<Party> {
        match recipient {
            Recipient::Dealer(dealer) => self.places.get(&dealer).copied().map(Party::Dealer),
            Recipient::User(_) => None,
        }
    }
}
