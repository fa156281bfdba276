//! A feed: what one subscriber is told, as ids that wait until they are asked for. An id waits once, however often it is told, so that a
//! slow subscriber reads the newest state and not every one before it.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use super::tail::News;
use crate::domain::event::EventKind;
use crate::domain::id::LeadId;
use crate::store::progress::Topic;

/// Ids that wait for one subscriber: 10,000 take half a megabyte, and whoever is further behind does better to read the list anew.
const WAITING_MAX: usize = 10_000;
/// Ids that are taken at once: read by one statement, sent before the next ones are read.
const BATCH: usize = 100;

/// What a subscriber wants to be told.
#[derive(Clone, Debug)]
pub enum Interest {
    /// Copies to which something has happened; these, or all if there are none. Told by the copy's id.
    Leads(HashSet<LeadId>),
    /// Lines of these kinds on copies' timelines. Told by the line's id.
    Events(HashSet<EventKind>),
    /// Steps of background work; of this one, or of all. Told by its id.
    Progress(Topic, Option<Uuid>),
}

/// The subscriber was slower than the changes for too long.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {WAITING_MAX} changes wait to be read: read the list anew and subscribe again")]
pub struct Behind;

/// What one subscriber is told. Dropping it ends that.
pub struct Feed(Arc<Desk>);

/// The side on which news come in.
pub(super) struct Desk {
    interest: Interest,
    waiting: Mutex<Waiting>,
    bell: Notify,
    has_begun: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    order: VecDeque<Uuid>,
    known: HashSet<Uuid>,
    is_behind: bool,
}

impl Feed {
    pub(super) fn new(interest: Interest) -> (Self, Arc<Desk>) {
        let (bell, has_begun) = (Notify::new(), AtomicBool::new(false));
        let desk = Arc::new(Desk { interest, waiting: Mutex::default(), bell, has_begun });
        (Self(Arc::clone(&desk)), desk)
    }

    /// Waits for news; up to a hundred ids, in the order in which they were first told.
    pub async fn next(&self) -> Result<Vec<Uuid>, Behind> {
        loop {
            let taken = self.0.take()?;
            if !taken.is_empty() {
                return Ok(taken);
            }
            self.0.bell.notified().await;
        }
    }
}

impl Desk {
    /// The topic whose tables have to be looked at for this subscriber, and the one work that is followed there or all; none for timelines.
    pub(super) fn topic(&self) -> Option<(Topic, Option<Uuid>)> {
        match self.interest {
            Interest::Progress(topic, one) => Some((topic, one)),
            Interest::Leads(_) | Interest::Events(_) => None,
        }
    }

    /// From now on everything that is committed is told.
    pub(super) fn counts_from_now(&self) {
        self.has_begun.store(true, Ordering::Release);
    }

    /// Whether everything that is committed by now is told, and not only what happens to be seen.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Acquire)
    }

    /// Keeps what the subscriber wants of the news.
    pub(super) fn tell(&self, news: &[News]) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for id in news.iter().filter_map(|one| self.wanted(one)) {
            waiting.add(id);
        }
        drop(waiting);
        self.bell.notify_one();
    }

    fn wanted(&self, news: &News) -> Option<Uuid> {
        match (&self.interest, news) {
            (Interest::Leads(leads), News::Event(line)) => {
                (leads.is_empty() || leads.contains(&line.lead)).then(|| line.lead.uuid())
            }
            (Interest::Events(kinds), News::Event(line)) => {
                line.kind.is_some_and(|kind| kinds.contains(&kind)).then(|| line.id.uuid())
            }
            (Interest::Progress(topic, one), News::Progress(of, id)) => {
                (topic == of && one.is_none_or(|one| one == *id)).then_some(*id)
            }
            _ => None,
        }
    }

    fn take(&self) -> Result<Vec<Uuid>, Behind> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_behind {
            return Err(Behind);
        }
        let count = waiting.order.len().min(BATCH);
        let taken: Vec<Uuid> = waiting.order.drain(..count).collect();
        for id in &taken {
            waiting.known.remove(id);
        }
        Ok(taken)
    }
}

impl Waiting {
    fn add(&mut self, id: Uuid) {
        if self.is_behind || self.known.contains(&id) {
            return;
        }
        if self.order.len() >= WAITING_MAX {
            *self = Self { is_behind: true, ..Self::default() };
            return;
        }
        self.known.insert(id);
        self.order.push_back(id);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::domain::Timestamp;
    use crate::store::events::Brief;

    fn line(number: u128, kind: EventKind) -> News {
        let lead = LeadId(Uuid::from_u128(number));
        News::Event(Brief {
            id: Uuid::from_u128(1_000 + number).into(),
            at: Timestamp::from_micros(0),
            kind: Some(kind),
            lead,
        })
    }

    fn ids(numbers: &[u128]) -> Vec<Uuid> {
        numbers.iter().map(|number| Uuid::from_u128(*number)).collect()
    }

    // API-7
    #[test]
    fn an_id_waits_once_and_only_for_whom_it_interests() {
        use EventKind::{LeadAcknowledged, LeadOffered};
        let (all, all_desk) = Feed::new(Interest::Leads(HashSet::new()));
        let (one, one_desk) = Feed::new(Interest::Leads(HashSet::from([LeadId(Uuid::from_u128(2))])));
        let (lines, lines_desk) = Feed::new(Interest::Events(HashSet::from([LeadAcknowledged])));
        let run = Uuid::from_u128(7);
        let (runs, runs_desk) = Feed::new(Interest::Progress(Topic::JobRuns, None));
        let news = [
            line(2, LeadOffered),
            line(1, LeadAcknowledged),
            line(2, LeadOffered),
            News::Progress(Topic::JobRuns, run),
            News::Progress(Topic::Backtests, run),
        ];
        for desk in [&all_desk, &one_desk, &lines_desk, &runs_desk] {
            desk.tell(&news);
        }
        assert_eq!(all.next().now_or_never(), Some(Ok(ids(&[2, 1]))));
        assert_eq!(one.next().now_or_never(), Some(Ok(ids(&[2]))));
        assert_eq!(lines.next().now_or_never(), Some(Ok(ids(&[1_001]))));
        assert_eq!(runs.next().now_or_never(), Some(Ok(ids(&[7]))));
        assert_eq!(all.next().now_or_never(), None, "what was taken does not wait any more");
        all_desk.tell(&news);
        assert_eq!(all.next().now_or_never(), Some(Ok(ids(&[2, 1]))), "and may be told again");
    }

    // API-7
    #[test]
    fn whoever_falls_too_far_behind_is_told_so_instead_of_being_told_a_part() {
        let (feed, desk) = Feed::new(Interest::Leads(HashSet::new()));
        let news: Vec<News> = (0..WAITING_MAX as u128).map(|number| line(number, EventKind::LeadOffered)).collect();
        desk.tell(&news);
        assert_eq!(feed.next().now_or_never().unwrap().unwrap().len(), BATCH);
        desk.tell(&news);
        assert_eq!(feed.next().now_or_never().unwrap().unwrap().len(), BATCH, "the same ones wait once");
        desk.tell(&(0..200).map(|number| line(1_000_000 + number, EventKind::LeadOffered)).collect::<Vec<_>>());
        assert_eq!(feed.next().now_or_never(), Some(Err(Behind)));
    }
}
