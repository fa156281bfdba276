//! The demo's past: ninety days of requests, each with its course. It is drawn by seed, and ends at the moment that it is
//! given; it never asks the time.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{Datelike, Timelike, Weekday};
use chrono_tz::Tz;

use super::chance::Chance;
use super::course::{Course, Party};
use super::customers::Customer;
use super::ground::Ground;
use super::market::Market;
use super::network::{Network, days};
use super::rows::{Rows, Told};
use crate::domain::dealer::ContactKind;
use crate::domain::decision::Decision;
use crate::domain::event::EventActor;
use crate::domain::id::JobId;
use crate::domain::job::{JobRun, RunCause, RunState};
use crate::domain::lead::Recipient;
use crate::domain::link::LinkKey;
use crate::domain::{Point, Timestamp};

/// How far the past reaches back.
const PAST: Duration = days(90);
/// Messages and runs are only kept this long, as an operator would: they are most of the rows otherwise.
pub const MESSAGES_KEPT: Duration = days(14);
/// How many of the requests came in within the last minutes, so that something falls due soon: one in so many.
const JUST_IN: usize = 400;

/// What a course goes through.
pub struct World<'a> {
    /// Who there is.
    pub network: &'a Network,
    /// Who is nearest or best.
    pub market: Market,
    /// Every draw.
    pub chance: &'a Chance,
    /// From which links are made.
    pub links: &'a LinkKey,
    salespeople: Vec<usize>,
}

impl<'a> World<'a> {
    /// The world of a network.
    pub fn of(network: &'a Network, chance: &'a Chance, links: &'a LinkKey) -> Self {
        let members: Vec<_> = network.staff.members().map(|user| user.id).collect();
        let users = network.staff.users.iter().enumerate();
        let salespeople = users.filter(|(_, user)| members.contains(&user.id)).map(|(place, _)| place).collect();
        Self { network, market: Market::of(network), chance, links, salespeople }
    }

    /// When a recipient answers, if ever. People used to take half an hour; since the jobs were quickened, a minute.
    pub(super) fn answer_at(&self, party: Party, offered_at: Timestamp) -> Option<Timestamp> {
        let diligence = match party {
            Party::Dealer(place) => self.network.desks.get(place)?.diligence,
            Party::User(_) => 0.9,
        };
        if !self.chance.holds(diligence) {
            return None;
        }
        let quick = offered_at >= self.network.moments.quickened;
        let wait = if quick {
            self.chance.wait(Duration::from_secs(80), 0.7)
        } else {
            self.chance.wait(Duration::from_mins(25), 1.3)
        };
        Some(offered_at + wait)
    }

    /// When somebody of the staff sees a lead that no job looks after, if anybody does, and who.
    pub(super) fn seen_waiting(&self, offered_at: Timestamp) -> Option<(Timestamp, EventActor)> {
        let at = offered_at + Duration::from_hours(20) + self.chance.wait(days(1), 0.6);
        let seen = at < self.network.moments.now && self.chance.holds(0.75);
        let managers: Vec<_> = self.network.staff.memberships.iter().filter(|member| member.manages).collect();
        let manager = managers.get(self.chance.below(managers.len()))?;
        let user = self.network.staff.users.iter().find(|user| user.id == manager.user)?;
        seen.then(|| (at, Told::from(user).actor))
    }

    /// One of the demo's own salespeople.
    pub(super) fn salesperson(&self) -> Option<usize> {
        self.salespeople.get(self.chance.below(self.salespeople.len())).copied()
    }

    /// Whom a copy is for.
    pub(super) fn recipient(&self, party: Party) -> Option<Recipient> {
        match party {
            Party::Dealer(place) => self.network.dealers.get(place).map(|dealer| Recipient::Dealer(dealer.id)),
            Party::User(place) => self.network.staff.users.get(place).map(|user| Recipient::User(user.id)),
        }
    }

    /// Who is told of a copy, the ones who may act first; the holder's name; and where it is.
    pub(super) fn told(&self, party: Party) -> (Vec<(Told, ContactKind)>, String, Option<Point>) {
        match party {
            Party::Dealer(place) => {
                let desk = self.network.desks.get(place).into_iter();
                let told = desk.flat_map(|desk| desk.to.iter().chain(&desk.cc));
                let told = told.map(|contact| (Told::from(contact), contact.kind)).collect();
                let dealer = self.network.dealers.get(place);
                (
                    told,
                    dealer.map(|dealer| dealer.name.clone()).unwrap_or_default(),
                    dealer.and_then(|dealer| dealer.point),
                )
            }
            Party::User(place) => {
                let user = self.network.staff.users.get(place);
                let told = user.map(|user| (Told::from(user), ContactKind::To)).into_iter().collect();
                (told, user.map(crate::domain::user::User::name).unwrap_or_default(), None)
            }
        }
    }
}

/// The past, to be drawn piece by piece so that the pieces can be written as they come.
pub struct Past<'a> {
    world: &'a World<'a>,
    ground: &'a Ground,
    arrivals: std::vec::IntoIter<Timestamp>,
    number: usize,
    runs: BTreeMap<(JobId, i64), (Timestamp, Timestamp, i64)>,
}

impl<'a> Past<'a> {
    /// A past of so many requests.
    pub fn of(world: &'a World<'a>, ground: &'a Ground, request_count: usize) -> Self {
        let arrivals = arrivals(world.chance, world.network.moments.now, request_count).into_iter();
        Self { world, ground, arrivals, number: 0, runs: BTreeMap::new() }
    }

    /// The rows of the next requests, as many as asked for; none when it is over.
    pub fn next(&mut self, request_count: usize) -> Option<Rows> {
        let mut rows = Rows::default();
        for received_at in self.arrivals.by_ref().take(request_count) {
            let Some(customer) = Customer::draw(self.world.chance, self.ground) else { continue };
            self.number += 1;
            let id = self.world.chance.id(received_at);
            let external_id = format!("{:06}", self.number);
            let request = customer.request(self.world.network.tenant.id, id, received_at, external_id);
            Course::run(self.world, &mut rows, request, &customer);
        }
        for decision in &rows.decisions {
            self.note_run(decision);
        }
        (!rows.requests.is_empty()).then_some(rows)
    }

    /// The runs of the jobs that made what was drawn so far: what a job did within an hour is one run.
    pub fn runs(&self) -> Vec<JobRun> {
        let run = |((job, _), (first, last, moved)): (&(JobId, i64), &(Timestamp, Timestamp, i64))| JobRun {
            tenant: self.world.network.tenant.id,
            id: self.world.chance.id(*first),
            job: *job,
            cause: RunCause::Due,
            state: RunState::Done,
            queued_at: *first,
            started_at: Some(*first),
            finished_at: Some(*last),
            cursor: None,
            examined: *moved,
            reassigned: *moved,
            failed: 0,
            skipped: BTreeMap::new(),
            error: None,
        };
        self.runs.iter().map(run).collect()
    }

    fn note_run(&mut self, decision: &Decision) {
        let at = decision.decided_at;
        let Some(job) = decision.job.filter(|_| self.world.network.moments.now.since(at) < MESSAGES_KEPT) else {
            return;
        };
        let hour = at.micros() / 3_600_000_000;
        let run = self.runs.entry((job, hour)).or_insert((at, at, 0));
        *run = (run.0.min(at), run.1.max(at), run.2 + 1);
    }
}

/// When requests came in, in order: by day more than by night, less at weekends, and a few just now.
fn arrivals(chance: &Chance, now: Timestamp, count: usize) -> Vec<Timestamp> {
    let mut arrivals: Vec<Timestamp> = Vec::with_capacity(count);
    let just_in = (count / JUST_IN).max(8).min(count);
    while arrivals.len() < count {
        let ago = if arrivals.len() < just_in {
            Duration::from_secs(100).mul_f64(chance.unit())
        } else {
            PAST.mul_f64(chance.unit())
        };
        let at = now - ago;
        if arrivals.len() < just_in || chance.holds(busyness(at)) {
            arrivals.push(at);
        }
    }
    arrivals.sort_unstable();
    arrivals
}

/// How likely a request is at a moment, compared with the busiest: the day of the middle of the country.
fn busyness(at: Timestamp) -> f64 {
    let local = at.datetime().with_timezone(&Tz::America__Chicago);
    let hour = match local.hour() {
        0..=5 => 0.06,
        6..=8 => 0.4,
        9..=11 => 0.9,
        12..=17 => 0.8,
        18..=20 => 1.0,
        _ => 0.35,
    };
    if matches!(local.weekday(), Weekday::Sat | Weekday::Sun) { hour * 0.6 } else { hour }
}
