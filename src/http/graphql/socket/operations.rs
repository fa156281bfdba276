//! The operations that go on over one socket, each under the client's name for it.
//!
//! Their results are only made when they are asked for, so a client that does not read stops them.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use async_graphql::Response;
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::{self, BoxStream, SelectAll, StreamExt};

/// Something that an operation came to.
pub(super) enum Outcome {
    /// A result.
    Response(Box<Response>),
    /// A resolver panicked; nothing follows.
    Panicked,
    /// Nothing follows.
    Over,
}

/// Operations under way.
#[derive(Default)]
pub(super) struct Operations {
    running: SelectAll<BoxStream<'static, (String, u64, Outcome)>>,
    /// By the client's name, which it may use again once the operation has ended: the number tells the two apart.
    numbers: HashMap<String, (u64, AbortHandle)>,
    last: u64,
}

impl Operations {
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.numbers.contains_key(id)
    }

    /// Begins one more.
    pub(super) fn add(&mut self, id: String, responses: BoxStream<'static, Response>) {
        self.last += 1;
        let (handle, registration) = AbortHandle::new_pair();
        let (name, number) = (id.clone(), self.last);
        self.numbers.insert(id, (number, handle));
        // Unwind safe: what a resolver shares beyond its request sits behind locks that survive a panic.
        let outcomes = AssertUnwindSafe(Abortable::new(responses, registration)).catch_unwind();
        let outcomes = outcomes.map(|response| match response {
            Ok(response) => Outcome::Response(Box::new(response)),
            Err(_) => Outcome::Panicked,
        });
        let outcomes = outcomes.chain(stream::iter([Outcome::Over]));
        self.running.push(outcomes.map(move |outcome| (name.clone(), number, outcome)).boxed());
    }

    /// Ends one, if it goes on.
    pub(super) fn end(&mut self, id: &str) {
        if let Some((_, handle)) = self.numbers.remove(id) {
            handle.abort();
        }
    }

    /// The next outcome of any of them; waits for ever if there are none.
    pub(super) async fn next(&mut self) -> (String, Outcome) {
        loop {
            match self.running.next().await {
                Some((id, number, outcome)) if self.numbers.get(&id).is_some_and(|(one, _)| *one == number) => {
                    return (id, outcome);
                }
                // Of one that was ended.
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }
}

impl Drop for Operations {
    fn drop(&mut self) {
        for (_, handle) in self.numbers.values() {
            handle.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;
    use futures_util::FutureExt;

    use super::*;

    fn number(outcome: &Outcome) -> Option<i32> {
        let Outcome::Response(response) = outcome else { return None };
        match &response.data {
            Value::Number(number) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
            _ => None,
        }
    }

    fn responses(numbers: &'static [i32]) -> BoxStream<'static, Response> {
        stream::iter(numbers).map(|number| Response::new(Value::from(*number))).boxed()
    }

    // API-1
    #[tokio::test]
    async fn a_name_can_be_used_again_and_nothing_of_the_first_operation_follows() {
        let mut operations = Operations::default();
        operations.add("a".to_owned(), responses(&[1, 2]));
        assert_eq!(number(&operations.next().await.1), Some(1));
        operations.end("a");
        assert!(!operations.contains("a"));
        operations.add("a".to_owned(), responses(&[3]));
        assert_eq!(number(&operations.next().await.1), Some(3));
        assert!(matches!(operations.next().await.1, Outcome::Over));
        operations.end("a");
        assert!(operations.next().now_or_never().is_none());
        assert_eq!(operations.len(), 0);
    }

    // API-1
    #[tokio::test]
    async fn a_panic_ends_its_own_operation_only() {
        let mut operations = Operations::default();
        let panics = stream::iter([0]).map(|_| "a mistake".parse::<i32>().unwrap()).map(|_| Response::new(Value::Null));
        operations.add("a".to_owned(), panics.boxed());
        assert!(matches!(operations.next().await, (id, Outcome::Panicked) if id == "a"));
        operations.end("a");
        operations.add("b".to_owned(), responses(&[1]));
        assert_eq!(number(&operations.next().await.1), Some(1));
    }
}
