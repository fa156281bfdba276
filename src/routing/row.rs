//! A candidate beside a lead at a moment: what an expression reads.
//!
//! Stored fields come from the network's columns; what is worked out for the pair is worked out when it is read.

use super::loads::Loads;
use super::lottery::lottery;
use super::network::{Network, Pool, Slot};
use super::subject::Subject;
use crate::domain::Timestamp;
use crate::domain::interface::CandidateKind;
use crate::domain::lead::Recipient;
use crate::domain::place::km_to_miles;
use crate::places::distance_km;
use crate::rules::{DealerField, FieldId, FieldSource, UserField, Value, Values};

/// A candidate beside a lead.
pub(super) struct Row<'a> {
    pub(super) network: &'a Network,
    pub(super) pool: &'a Pool,
    pub(super) kind: CandidateKind,
    pub(super) place: u32,
    /// None while only the candidate itself is looked at.
    pub(super) beside: Option<Beside<'a>>,
}

/// What a candidate is looked at beside.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    pub(super) subject: &'a Subject<'a>,
    /// None where no candidate is at hand.
    pub(super) loads: Option<&'a Loads>,
    pub(super) now: Timestamp,
}

impl Values for Row<'_> {
    fn field(&self, field: FieldId) -> Value<'_> {
        let Some(slot) = self.network.slots().get(field.index()) else { return Value::Missing };
        match slot {
            Slot::Candidate(column) => read(self.pool, *column, Some(self.place)),
            Slot::Holder(column) => self.of_holder(CandidateKind::Dealer, *column),
            Slot::Owner(column) => self.of_holder(CandidateKind::User, *column),
            Slot::Source(source) => self.worked_out(source),
        }
    }
}

impl<'a> Row<'a> {
    /// Great circle; none when either point is unknown.
    pub(super) fn distance_km(&self) -> Option<f64> {
        Some(distance_km(self.beside?.subject.point()?, self.pool.point(self.place)?))
    }

    fn worked_out(&self, source: &FieldSource) -> Value<'a> {
        let Some(beside) = self.beside else { return Value::Missing };
        let load = || beside.loads.map(|loads| loads.at(self.kind, self.place)).unwrap_or_default();
        match source {
            FieldSource::Now => Value::Timestamp(beside.now),
            FieldSource::Dealer(field) => match field {
                DealerField::DistanceKm => Value::maybe(self.distance_km()),
                DealerField::DistanceMi => Value::maybe(self.distance_km().map(km_to_miles)),
                DealerField::Lottery => self.lottery(beside),
                DealerField::AckRate => Value::maybe(load().ack_rate),
                DealerField::ResponseMinutes => Value::maybe(load().response_minutes),
                DealerField::OpenLeads => Value::Int(load().open),
                DealerField::LeadsToday => Value::Int(load().today),
                _ => Value::Missing,
            },
            FieldSource::User(field) => match field {
                UserField::Lottery => self.lottery(beside),
                UserField::OpenLeads => Value::Int(load().open),
                UserField::LeadsToday => Value::Int(load().today),
                _ => Value::Missing,
            },
            _ => beside.subject.value(source),
        }
    }

    fn lottery(&self, beside: Beside<'_>) -> Value<'a> {
        Value::maybe(self.pool.id(self.place).map(|id| lottery(beside.subject.lead().root, id)))
    }

    /// A field of whoever has the lead, if it is a recipient of that kind.
    fn of_holder(&self, kind: CandidateKind, column: usize) -> Value<'a> {
        let holder = self.beside.and_then(|beside| beside.subject.lead().recipient);
        let holder = holder.filter(|holder| matches!(holder, Recipient::Dealer(_)) == (kind == CandidateKind::Dealer));
        read(self.network.pool(kind), column, holder.and_then(|holder| self.network.place(holder)))
    }
}

fn read(pool: &Pool, column: usize, place: Option<u32>) -> Value<'_> {
    match (pool.column(column), place) {
        (Some(column), Some(place)) => column.value(place as usize),
        _ => Value::Missing,
    }
}
