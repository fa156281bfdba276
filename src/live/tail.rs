//! The tail of one tenant: the end of its timeline and of its background work, and what of it was seen already.
//!
//! A line is dated when its transaction begins and appears when it commits, so lines do not appear in the order of their dates. A look
//! therefore reads again from where the oldest transaction that was open at the last look may still write, and a little before:
//!
//! ```text
//! ───────────┬──────── margin ────────┬── oldest open transaction ──┬─▶ time
//!            from                     read_to                       last look
//! ```

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use uuid::Uuid;

use crate::domain::Timestamp;
use crate::domain::id::{EventId, TenantId};
use crate::store::events::{self, Brief};
use crate::store::progress::{self, Topic, Wanted};
use crate::store::{Conn, StoreError};

/// Between the moment by which a line is dated and the begin of its transaction lie at most a wait for a free connection (ten seconds)
/// and the difference between two servers' clocks.
const MARGIN_FULL: Duration = Duration::from_secs(15);
/// Enough for nearly every line: what comes later is found by the next full look.
const MARGIN_QUICK: Duration = Duration::from_secs(1);
/// A transaction that is open for longer writes no line any more, it is a forgotten session: without an end to it each look would read
/// more and more again.
const OPEN_MAX: Duration = Duration::from_mins(2);
/// Lines that one statement reads.
const PAGE: u64 = 5_000;

/// Something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A line of a copy's timeline.
    Event(Brief),
    /// A step of background work.
    Progress(Topic, Uuid),
}

/// How far back a look reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    Quick,
    Full,
}

/// The moment of a look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Now.
    pub(super) at: Timestamp,
    /// For how long the oldest transaction has been open.
    pub(super) open: Duration,
}

impl Moment {
    /// Whatever is dated before is there to be read, but for the margin.
    fn settled(self) -> Timestamp {
        self.at - self.open.min(OPEN_MAX)
    }
}

/// The end of what happened in one tenant.
pub(super) struct Tail {
    tenant: TenantId,
    read_to: Timestamp,
    seen: HashMap<EventId, Timestamp>,
    topics: HashMap<Topic, Steps>,
}

/// Background work of a topic as it was last seen.
#[derive(Default)]
struct Steps {
    known: HashMap<Uuid, (String, bool)>,
    /// Whether somebody follows all of it.
    whole: bool,
    /// What is followed by itself.
    ones: HashSet<Uuid>,
}

impl Tail {
    /// A tail that has seen everything that stands there now.
    pub(super) async fn new(conn: &Conn, tenant: TenantId, moment: Moment) -> Result<Self, StoreError> {
        let mut tail = Self { tenant, read_to: moment.settled(), seen: HashMap::new(), topics: HashMap::new() };
        tail.look(conn, (moment, Depth::Full), &mut Vec::new()).await?;
        Ok(tail)
    }

    /// Follows one work of a topic, or all of it, from what stands there now.
    pub(super) async fn follow(&mut self, conn: &Conn, (topic, one): (Topic, Option<Uuid>)) -> Result<(), StoreError> {
        let recent = progress::first_id(self.read_to - MARGIN_FULL);
        let of = (self.tenant, topic, self.read_to);
        let steps = self.topics.entry(topic).or_default();
        match one {
            None if !steps.whole => {
                steps.learn(conn, of, Wanted::Open(recent)).await?;
                steps.whole = true;
            }
            Some(id) if !steps.whole && !steps.ones.contains(&id) => {
                steps.learn(conn, of, Wanted::Known(&[id], None)).await?;
            }
            _ => {}
        }
        steps.ones.extend(one);
        Ok(())
    }

    /// Follows only these any more.
    pub(super) fn keep(&mut self, wanted: &[(Topic, Option<Uuid>)]) {
        for (topic, steps) in &mut self.topics {
            let of_topic = |one: &Option<Uuid>| wanted.contains(&(*topic, *one));
            steps.whole &= of_topic(&None);
            steps.ones.retain(|id| of_topic(&Some(*id)));
        }
        self.topics.retain(|_, steps| steps.whole || !steps.ones.is_empty());
    }

    /// Adds what was not seen yet to `news`, which is to be told even if the look fails half way: it counts as seen.
    pub(super) async fn look(
        &mut self,
        conn: &Conn,
        (moment, depth): (Moment, Depth),
        news: &mut Vec<News>,
    ) -> Result<(), StoreError> {
        let margin = if depth == Depth::Full { MARGIN_FULL } else { MARGIN_QUICK };
        self.look_at_lines(conn, self.read_to - margin, news).await?;
        for (topic, steps) in &mut self.topics {
            let recent = progress::first_id(self.read_to - margin);
            let stepped = steps.look(conn, (self.tenant, *topic, self.read_to), recent).await?;
            news.extend(stepped.into_iter().map(|id| News::Progress(*topic, id)));
        }
        // INVARIANT: a moment is taken before the look that it is for, so that what is written meanwhile is read by the next one.
        self.read_to = self.read_to.max(moment.settled());
        self.forget(self.read_to - MARGIN_FULL);
        Ok(())
    }

    async fn look_at_lines(&mut self, conn: &Conn, from: Timestamp, news: &mut Vec<News>) -> Result<(), StoreError> {
        let mut place = (from, EventId(Uuid::nil()));
        loop {
            let page = events::list_briefs(conn, self.tenant, place, PAGE).await?;
            let is_last = (page.len() as u64) < PAGE;
            for line in page {
                place = (line.at, line.id);
                if self.seen.insert(line.id, line.at).is_none() {
                    news.push(News::Event(line));
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// No look reads what is older any more.
    fn forget(&mut self, before: Timestamp) {
        self.seen.retain(|_, at| *at >= before);
        let first = progress::first_id(before);
        for steps in self.topics.values_mut() {
            let Steps { known, whole, ones } = steps;
            known.retain(|id, (_, is_open)| ones.contains(id) || (*whole && (*is_open || *id >= first)));
        }
    }
}

impl Steps {
    /// What has changed of that which is followed: of all of it what went on when it was last seen and what came since `recent`, else each
    /// one by itself. Whatever else there is is not read.
    async fn look(
        &mut self,
        conn: &Conn,
        (tenant, topic, now): (TenantId, Topic, Timestamp),
        recent: Uuid,
    ) -> Result<Vec<Uuid>, StoreError> {
        let went_on = self.known.iter().filter(|(_, (_, is_open))| self.whole && *is_open).map(|(id, _)| *id);
        let ids: HashSet<Uuid> = went_on.chain(self.ones.iter().copied()).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let wanted = Wanted::Known(&ids, self.whole.then_some(recent));
        let mut stepped = Vec::new();
        for one in progress::list(conn, (tenant, topic), wanted, now).await? {
            let before = self.known.insert(one.id, (one.mark.clone(), one.is_open));
            if before.is_none_or(|(mark, _)| mark != one.mark) {
                stepped.push(one.id);
            }
        }
        Ok(stepped)
    }

    /// Notes how those stand that are followed from now on. What is known already stays as it was last seen: its change is still to be told.
    async fn learn(
        &mut self,
        conn: &Conn,
        (tenant, topic, now): (TenantId, Topic, Timestamp),
        wanted: Wanted<'_>,
    ) -> Result<(), StoreError> {
        for one in progress::list(conn, (tenant, topic), wanted, now).await? {
            self.known.entry(one.id).or_insert((one.mark, one.is_open));
        }
        Ok(())
    }
}
