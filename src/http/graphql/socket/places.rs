//! Who holds how many sockets. A place is given back when its connection is closed, which a client that does not read can put off: so
//! it can't have another one instead.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

/// The places of one server.
pub(super) struct Places {
    total_max: usize,
    per_credential_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    by_credential: HashMap<String, usize>,
}

/// One of all places, until it is dropped.
pub(super) struct Place(Arc<Places>);

/// One of a credential's places, until it is dropped.
pub(super) struct Seat {
    places: Arc<Places>,
    credential: String,
}

impl Places {
    pub(super) fn new(total_max: usize, per_credential_max: usize) -> Self {
        Self { total_max, per_credential_max, taken: Mutex::default() }
    }

    /// A place, if there is one left.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.total >= self.total_max {
            return None;
        }
        taken.total += 1;
        Some(Place(Arc::clone(self)))
    }

    /// A place for this credential; the number that it may have if it has as many.
    pub(super) fn sit(self: &Arc<Self>, credential: &str) -> Result<Seat, usize> {
        let mut taken = self.taken();
        let count = taken.by_credential.entry(credential.to_owned()).or_default();
        if *count >= self.per_credential_max {
            return Err(self.per_credential_max);
        }
        *count += 1;
        Ok(Seat { places: Arc::clone(self), credential: credential.to_owned() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.0.taken();
        taken.total = taken.total.saturating_sub(1);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(count) = taken.by_credential.get_mut(&self.credential) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by_credential.remove(&self.credential);
            }
        }
    }
}

/// A socket's outgoing side, which holds the socket's place for as long as it is there.
pub(super) struct Held {
    body: BoxBody,
    _place: Place,
}

impl Held {
    pub(super) fn new(body: BoxBody, place: Place) -> Self {
        Self { body, _place: place }
    }
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-7
    #[test]
    fn a_place_that_is_given_back_can_be_taken_again() {
        let places = Arc::new(Places::new(2, 1));
        let first = places.take().unwrap();
        let _second = places.take().unwrap();
        assert!(places.take().is_none());
        drop(first);
        assert!(places.take().is_some());
        let ada = places.sit("ada").unwrap();
        assert_eq!(places.sit("ada").err(), Some(1));
        assert!(places.sit("bob").is_ok(), "another credential has its own");
        drop(ada);
        assert!(places.sit("ada").is_ok());
        assert!(places.taken().by_credential.is_empty(), "who holds none is forgotten");
    }
}
