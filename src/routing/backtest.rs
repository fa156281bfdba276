//! Two plans side by side over many leads: who would get each by the one and by the other (SPEC IFACE-7).
//!
//! Each lead is asked about by itself: nobody's load grows by the leads that went before.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::answer::Sorted;
use super::plan::Plan;
use super::search::Question;
use crate::domain::backtest::{BacktestShare, BacktestTotals, Placed};
use crate::domain::lead::Recipient;

/// What some leads came to.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// In sum.
    pub totals: BacktestTotals,
    /// By recipient, those that get any.
    pub shares: BTreeMap<Uuid, BacktestShare>,
}

impl Compared {
    /// Asks both plans about a lead.
    pub fn add(&mut self, published: &Plan, draft: &Plan, question: Question<'_>) {
        let (before, after) = (first(published, question), first(draft, question));
        if let Some((recipient, _)) = before {
            self.shares.entry(id_of(recipient)).or_default().before += 1;
        }
        if let Some((recipient, _)) = after {
            self.shares.entry(id_of(recipient)).or_default().after += 1;
        }
        self.totals.add(before, after);
    }
}

fn first(plan: &Plan, question: Question<'_>) -> Placed {
    let ranking = plan.rank_up_to(question, Sorted::AsDefined, 1);
    ranking.candidates.first().map(|ranked| (ranked.recipient, ranked.distance_km))
}

fn id_of(recipient: Recipient) -> Uuid {
    match recipient {
        Recipient::Dealer(id) => id.uuid(),
        Recipient::User(id) => id.uuid(),
    }
}
