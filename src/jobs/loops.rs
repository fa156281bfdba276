//! The loops of a worker: deadlines in one, messages in another, so that no receiver delays a deadline; networks in a third, so that
//! neither a deadline nor a request waits for one to be built; and operations in some more, which rest between two chunks, so that live
//! traffic keeps its share of the database.
//!
//! A loop ends only when it is told to, and then finishes what it has in hand. Neither a database that is away nor a mistake of ours
//! ends it.

use std::future::{Future, pending};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::{Notify, watch};

use super::error::JobError;
use super::outbox::{Outbox, UnderWay};
use super::trouble::Trouble;
use super::worker::Worker;
use crate::domain::Timestamp;

/// Requests that follow each other closely are looked after together.
const REST_MIN: Duration = Duration::from_millis(20);

impl Worker {
    /// Works until `stop` becomes true, then finishes what is in hand.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        let outbox = async {
            if let Some(outbox) = &self.outbox {
                self.run_outbox(outbox, stop.clone()).await;
            }
        };
        let wake = async {
            let mut stop = stop.clone();
            let changes = self.context.store.changes().listen();
            tokio::select! {
                // A sender that is gone will never say stop again: the process is ending.
                _ = stop.wait_for(|stop| *stop) => {}
                () = self.wake.heed(changes) => {}
            }
        };
        let operations = join_all((0..self.settings.operations_at_once).map(|_| self.run_operations(stop.clone())));
        tokio::join!(self.run_due(stop.clone()), self.run_networks(stop.clone()), operations, outbox, wake);
    }

    /// Builds anew what a write has made stale, here or in another process.
    async fn run_networks(&self, mut stop: watch::Receiver<bool>) {
        let mut trouble = Trouble::new("networks");
        while !*stop.borrow() {
            let pause = match unpanicked(async { Ok(self.context.networks.refresh(&self.context.store).await?) }).await
            {
                Ok(()) => {
                    trouble.is_over();
                    self.settings.poll
                }
                Err(error) => trouble.begins(&error),
            };
            rest(&mut stop, pause, Some(&self.wake.networks)).await;
        }
    }

    async fn run_operations(&self, mut stop: watch::Receiver<bool>) {
        let mut trouble = Trouble::new("operations");
        while !*stop.borrow() {
            let began = Instant::now();
            match unpanicked(self.operation_step()).await {
                Ok(true) => {
                    trouble.is_over();
                    self.wake.outbox.notify_one();
                    let pause = left_to_others(began.elapsed(), self.settings.operations_share);
                    // Woken early only by the end of the process.
                    let _ = tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await;
                }
                Ok(false) => {
                    trouble.is_over();
                    rest(&mut stop, self.settings.poll, Some(&self.wake.operations)).await;
                }
                Err(error) => rest(&mut stop, trouble.begins(&error), None).await,
            }
        }
    }

    async fn run_due(&self, mut stop: watch::Receiver<bool>) {
        let mut trouble = Trouble::new("deadlines and job runs");
        while !*stop.borrow() {
            let worked = unpanicked(async {
                let stepped = self.due_step().await?;
                Ok((stepped, self.next_deadline().await?))
            });
            match worked.await {
                Ok((stepped, next)) => {
                    trouble.is_over();
                    if stepped.is_idle() {
                        rest(&mut stop, self.pause(next), Some(&self.wake.due)).await;
                    } else {
                        self.wake.outbox.notify_one();
                    }
                }
                Err(error) => rest(&mut stop, trouble.begins(&error), None).await,
            }
        }
    }

    async fn run_outbox(&self, outbox: &Outbox, mut stop: watch::Receiver<bool>) {
        let mut trouble = Trouble::new("messages");
        let mut under_way = UnderWay::new(outbox);
        while !*stop.borrow() {
            let worked = unpanicked(async {
                under_way.record().await?;
                under_way.fill().await?;
                Ok(outbox.next_due().await?)
            });
            match worked.await {
                Ok(next) => {
                    trouble.is_over();
                    let pause = self.pause(next);
                    if under_way.is_empty() {
                        rest(&mut stop, pause, Some(&self.wake.outbox)).await;
                    } else {
                        tokio::select! {
                            () = under_way.next_done() => {}
                            () = rest(&mut stop, pause, Some(&self.wake.outbox)) => {}
                        }
                    }
                }
                Err(error) => rest(&mut stop, trouble.begins(&error), None).await,
            }
        }
        finish(under_way).await;
    }

    /// Until the next deadline, at most one poll: another process may make an earlier one.
    fn pause(&self, next: Option<Timestamp>) -> Duration {
        let poll = self.settings.poll;
        next.map_or(poll, |next| next.since(self.context.clock.now()).min(poll))
    }
}

/// How long to rest after work of this length, so that work has `share` percent of the time: 80 % leaves 25 ms after 100 ms.
fn left_to_others(worked: Duration, share: u32) -> Duration {
    let share = share.clamp(1, 100);
    worked * (100 - share) / share
}

/// Waits for the messages under way and writes them down, as far as the database lets us.
async fn finish(mut under_way: UnderWay<'_>) {
    while !under_way.is_empty() {
        under_way.next_done().await;
        if let Err(error) = under_way.record().await {
            tracing::error!(error = %error, "messages could not be written down, they will be sent again");
            return;
        }
    }
}

/// Rests until the pause is over, the bell rings or the loop is to stop.
async fn rest(stop: &mut watch::Receiver<bool>, pause: Duration, bell: Option<&Notify>) {
    let rung = async {
        match bell {
            Some(bell) => bell.notified().await,
            None => pending().await,
        }
    };
    let stopped = async {
        // A sender that is gone will never say stop again: the process is ending.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    tokio::select! {
        () = stopped => {}
        () = async {
            tokio::time::sleep(REST_MIN).await;
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep(pause.saturating_sub(REST_MIN)) => {}
            }
        } => {}
    }
}

/// A panic becomes an error. Unwind safe: a step's state is in the database, and its open transaction is undone.
async fn unpanicked<T>(step: impl Future<Output = Result<T, JobError>>) -> Result<T, JobError> {
    AssertUnwindSafe(step).catch_unwind().await.unwrap_or(Err(JobError::Panicked))
}

#[cfg(test)]
mod tests {
    use super::*;

    // BULK-6
    #[test]
    fn operations_leave_others_their_share_of_the_time() {
        let worked = Duration::from_millis(100);
        let rests = [100, 80, 50, 1, 0].map(|share| left_to_others(worked, share).as_millis());
        assert_eq!(rests, [0, 25, 100, 9_900, 9_900]);
    }
}
