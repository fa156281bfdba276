//! Candidates from a network that is older than the version the transaction holds: found there, read once more, and then decided on.
//!
//! So a hand-over never waits for a large network to be built while dealers are written all the time. What is taken is always as it is
//! now; only who became a candidate, or a better one, since the older network was read may be missed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::actions::Context;
use crate::actions::held::Held;
use crate::actions::loads::read_loads;
use crate::domain::Timestamp;
use crate::domain::decision::RankedCandidate;
use crate::domain::id::{InterfaceId, JobId, LeadId, RequestId};
use crate::domain::job::Algorithm;
use crate::domain::lead::{Lead, Recipient};
use crate::routing::{Load, Loads, Network, Plan, Question, Ranking, Shortlist, Sorted, Subject};
use crate::store::{Conn, StoreError};

use super::engine::Task;
use super::ground::{Ground, Interfaces, needs_loads, published};

/// If one in so many of a network would have to be read again, all of it may as well be.
const SHARE_MAX: usize = 4;

/// The first rankings of each round robin that goes on with it.
pub(super) type Rankings = HashMap<(RequestId, JobId), Vec<RankedCandidate>>;

/// What an older network found.
pub(super) struct Recheck {
    older: i64,
    lists: HashMap<ListKey, Shortlist>,
    /// Who is now as the older network has them.
    unchanged: HashSet<Recipient>,
}

/// The older network, and the version that the transaction holds.
pub(super) struct Older {
    pub(super) network: Arc<Network>,
    pub(super) version: i64,
}

type ListKey = (LeadId, InterfaceId, Sorted);

impl Recheck {
    /// Finds candidates for all copies of the task, and reads them as they are now; the ground that is answered holds hardly anybody
    /// else. `None` if that would not do: too many would have to be read, or expressions may mean something else by now.
    pub(super) async fn make(
        context: &Context,
        conn: &Conn,
        held: &Held,
        at: Timestamp,
        older: &Older,
        task: Task<'_>,
        rankings: &Rankings,
    ) -> Result<Option<(Self, Ground)>, StoreError> {
        let compiled = published(context, conn, held, &older.network, &task.interfaces(held)).await?;
        let mut in_hand = Vec::new();
        if needs_loads(&compiled) {
            in_hand = read_loads(conn, &held.tenant, at).await?;
        }
        let lists = shortlists(held, &compiled, &older.network, &in_hand, at, task)?;
        let named = named(held, &lists, rankings);
        if named.len() > people(&older.network) / SHARE_MAX {
            return Ok(None);
        }
        let network = context.networks.part(conn, held.tenant.id, older.version, &named).await?;
        let has_first_capacity = network.has_capacities() && !older.network.has_capacities();
        let Some(compiled) = compiled_over(&network, compiled).filter(|_| !has_first_capacity) else { return Ok(None) };
        let unchanged = named.into_iter().filter(|one| network.has_as_in(&older.network, *one)).collect();
        let loads = Loads::new(&network, in_hand);
        let ground = Ground::new(conn, held, network, compiled, loads).await?;
        Ok(Some((Self { older: older.network.version(), lists, unchanged }, ground)))
    }

    /// The version of the older network.
    pub(super) fn older(&self) -> i64 {
        self.older
    }

    /// Ranks those whom the older network named; `None` if they do not tell who comes first. `taken` got a lead since.
    pub(super) fn rank(
        &self,
        plan: &Plan,
        question: Question<'_>,
        (lead, interface, sorted): ListKey,
        taken: &[Recipient],
    ) -> Option<Ranking> {
        let list = self.lists.get(&(lead, interface, sorted))?;
        let is_as_before = |one| self.unchanged.contains(&one) && !(plan.needs_loads() && taken.contains(&one));
        plan.rank_again(question, sorted, list, is_as_before)
    }
}

/// By what an algorithm has candidates ordered.
pub(super) fn sorted(algorithm: Algorithm) -> Sorted {
    if algorithm == Algorithm::Nearest { Sorted::ByDistance } else { Sorted::AsDefined }
}

fn people(network: &Network) -> usize {
    use crate::domain::interface::CandidateKind::{Dealer, User};
    network.pool(Dealer).len() + network.pool(User).len()
}

/// A list for each copy and each way in which it may be handed on.
fn shortlists(
    held: &Held,
    compiled: &Interfaces,
    network: &Arc<Network>,
    in_hand: &[(Recipient, Load)],
    at: Timestamp,
    task: Task<'_>,
) -> Result<HashMap<ListKey, Shortlist>, StoreError> {
    let loads = if in_hand.is_empty() { Loads::none(network) } else { Loads::new(network, in_hand.iter().copied()) };
    let mut lists = HashMap::new();
    for copy in task.copies {
        let chain = recipients(held.chain(copy.request));
        let subject = Subject::new(network, copy, held.request(copy)?, &chain);
        for (interface, sorted) in task.ways(held) {
            let Some(published) = compiled.get(&interface) else { continue };
            let question = Question { subject: &subject, loads: &loads, now: at };
            lists.entry((copy.id, interface, sorted)).or_insert_with(|| published.plan.shortlist(question, sorted));
        }
    }
    Ok(lists)
}

/// Everybody about whom deciding may ask something: those on the lists, on frozen rankings, and who has or had a copy.
fn named(held: &Held, lists: &HashMap<ListKey, Shortlist>, rankings: &Rankings) -> Vec<Recipient> {
    let listed = lists.values().flat_map(Shortlist::recipients).copied();
    let frozen = rankings.values().flatten().map(|one| one.recipient);
    let holders = held.copies().filter_map(|copy| copy.recipient);
    let all: HashSet<Recipient> = listed.chain(frozen).chain(holders).collect();
    all.into_iter().collect()
}

/// `None` if one of them may mean something else over this network.
fn compiled_over(network: &Arc<Network>, compiled: Interfaces) -> Option<Interfaces> {
    let over = |(id, mut published): (InterfaceId, super::ground::Published)| {
        published.plan = Arc::new(published.plan.over(network)?);
        Some((id, published))
    };
    compiled.into_iter().map(over).collect()
}

/// Everybody who has had one of these copies.
pub(super) fn recipients(chain: &[Lead]) -> Vec<Recipient> {
    chain.iter().filter_map(|copy| copy.recipient).collect()
}
