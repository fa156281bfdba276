//! `BALANCED` over a plan: whom each of a set of leads may go to, how far that is and how much room everybody has; [`balance`] does the
//! rest (SPEC ALGO-7).
//!
//! A lead's candidates are those of its list, up to the interface's limit, whose distance is known.

use std::collections::HashMap;

use super::answer::Sorted;
use super::balance::{Edge, balance};
use super::loads::Loads;
use super::plan::Plan;
use super::search::Question;
use super::subject::Subject;
use crate::domain::Timestamp;
use crate::domain::lead::Recipient;

/// The candidates of all leads, each with a place of its own.
#[derive(Default)]
struct Candidates {
    places: HashMap<Recipient, u32>,
    recipients: Vec<Recipient>,
    /// How many more leads each can take.
    room: Vec<u32>,
}

impl Plan {
    /// Who gets each lead: as many as possible find room, at the least distance in sum, to the metre. None for a lead without a candidate, and
    /// for one that capacity leaves no room for. Whoever has a lead does not get it again.
    pub fn share_out(&self, subjects: &[Subject<'_>], loads: &Loads, now: Timestamp) -> Vec<Option<Recipient>> {
        let mut candidates = Candidates::default();
        let edges = subjects.iter().map(|subject| {
            let question = Question { subject, loads, now };
            let mut ways = Vec::new();
            for ranked in self.rank(question, Sorted::AsDefined).candidates {
                let Some(km) = ranked.distance_km.filter(|_| subject.lead().recipient != Some(ranked.recipient)) else {
                    continue;
                };
                // Half of the equator is some twenty million metres.
                ways.push(Edge { to: candidates.place(ranked.recipient, loads), cost: (km * 1_000.0).round() as u32 });
            }
            ways
        });
        let edges = edges.collect();
        let shared = balance(edges, &candidates.room);
        let recipient = |place: Option<u32>| candidates.recipients.get(place? as usize).copied();
        shared.to.into_iter().map(recipient).collect()
    }
}

impl Candidates {
    fn place(&mut self, recipient: Recipient, loads: &Loads) -> u32 {
        *self.places.entry(recipient).or_insert_with(|| {
            self.recipients.push(recipient);
            self.room.push(loads.room(recipient).unwrap_or(u32::MAX));
            (self.room.len() - 1) as u32
        })
    }
}
