//! The tail of one tenant: the end of its timeline and of its background work, and what of it was seen already.
//!
//! A line is dated when its transaction begins and appears when it commits, so lines do not appear in the order of their dates. A look
//! therefore reads again from where the oldest transaction that was open at the last look may still write, and a little before:
//!
//! ```text
//! ───────────┬──────── margin ────────┬── oldest open transaction ──┬─▶ time
//!            from                     read_to                       last look
//! ```

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::Timestamp;
use crate::domain::id::{EventId, TenantId};
use crate::store::events::{self, Brief};
use crate::store::progress::{self, Topic};
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

/// Background work as it was last seen.
#[derive(Default)]
struct Steps(HashMap<Uuid, (String, bool)>);

impl Tail {
    /// A tail that has seen everything that stands there now.
    pub(super) async fn new(conn: &Conn, tenant: TenantId, moment: Moment) -> Result<Self, StoreError> {
        let mut tail = Self { tenant, read_to: moment.settled(), seen: HashMap::new(), topics: HashMap::new() };
        tail.look(conn, (moment, Depth::Full), &mut Vec::new()).await?;
        Ok(tail)
    }

    /// Follows a topic from what stands there now.
    pub(super) async fn follow(&mut self, conn: &Conn, topic: Topic) -> Result<(), StoreError> {
        if self.topics.contains_key(&topic) {
            return Ok(());
        }
        let recent = progress::first_id(self.read_to - MARGIN_FULL);
        let oldest = progress::find_oldest_open(conn, (self.tenant, topic), self.read_to).await?;
        let mut steps = Steps::default();
        steps
            .look(conn, (self.tenant, topic, self.read_to), oldest.map_or(recent, |oldest| oldest.min(recent)))
            .await?;
        self.topics.insert(topic, steps);
        Ok(())
    }

    /// Follows only these topics any more.
    pub(super) fn keep(&mut self, wanted: &[Topic]) {
        self.topics.retain(|topic, _| wanted.contains(topic));
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
            let from = steps.from(progress::first_id(self.read_to - margin));
            let stepped = steps.look(conn, (self.tenant, *topic, self.read_to), from).await?;
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
        for Steps(known) in self.topics.values_mut() {
            let first = progress::first_id(before);
            known.retain(|id, (_, is_open)| *is_open || *id >= first);
        }
    }
}

impl Steps {
    /// From the oldest that goes on, or from `recent` if that is older.
    fn from(&self, recent: Uuid) -> Uuid {
        self.0.iter().filter(|(_, (_, is_open))| *is_open).map(|(id, _)| *id).fold(recent, Uuid::min)
    }

    async fn look(
        &mut self,
        conn: &Conn,
        (tenant, topic, now): (TenantId, Topic, Timestamp),
        from: Uuid,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut stepped = Vec::new();
        for one in progress::list(conn, (tenant, topic), from, now).await? {
            let before = self.0.insert(one.id, (one.mark.clone(), one.is_open));
            if before.is_none_or(|(mark, _)| mark != one.mark) {
                stepped.push(one.id);
            }
        }
        Ok(stepped)
    }
}
