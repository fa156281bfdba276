//! Subscriptions: a feed's ids become a stream of objects, each read anew as far as the subscriber may see it at that moment.
//!
//! What is read, and when there is nothing left to tell, is for each subscription to say ([`Told`]); a new one is a row of
//! [`crate::store::progress::Topic`] or an [`Interest`], and a resolver that calls [`follow`].

use async_graphql::{Error, ErrorExtensions};
use async_trait::async_trait;
use futures_util::stream::{self, Stream, StreamExt};
use uuid::Uuid;

use super::guard::ErrorCode;
use super::session::Session;
use crate::live::{Feed, Interest};

/// What a subscription tells.
#[async_trait]
pub trait Told: Send + Sync + 'static {
    /// An object as it is sent.
    type Item: Send + 'static;

    /// What is told at the beginning, before anything happens.
    async fn first(&self, _session: &Session) -> async_graphql::Result<Vec<Self::Item>> {
        Ok(Vec::new())
    }

    /// The objects behind these ids, in their order; without those that are gone, not wanted, or out of the subscriber's reach.
    async fn read(&self, session: &Session, ids: Vec<Uuid>) -> async_graphql::Result<Vec<Self::Item>>;

    /// Whether nothing can follow this one.
    fn is_last(&self, _item: &Self::Item) -> bool {
        false
    }
}

/// Tells `told` of what interests it: first what is so now, then every change until the subscriber goes away.
pub async fn follow<T: Told>(
    session: &Session,
    interest: Interest,
    told: T,
) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<T::Item>> + Send + use<T>> {
    // The feed comes first: what happens while the first objects are read waits in it.
    let feed = session.live.follow(session.scope.tenant, interest).await?;
    let first = told.first(session).await?;
    let following = Following { session: session.clone(), feed, told };
    let following = if first.iter().any(|item| following.told.is_last(item)) { None } else { Some(following) };
    let later = stream::unfold(following, step).flat_map(stream::iter);
    Ok(stream::iter(first.into_iter().map(Ok)).chain(later))
}

struct Following<T> {
    session: Session,
    feed: Feed,
    told: T,
}

type Step<T> = (Vec<async_graphql::Result<<T as Told>::Item>>, Option<Following<T>>);

/// Waits for news and reads them. After an error or the last object there is no further step.
async fn step<T: Told>(following: Option<Following<T>>) -> Option<Step<T>> {
    let following = following?;
    let read = match following.feed.next().await {
        Ok(ids) => following.told.read(&following.session, ids).await,
        Err(behind) => Err(limited(behind.to_string())),
    };
    match read {
        Ok(items) => {
            let is_over = items.iter().any(|item| following.told.is_last(item));
            Some((items.into_iter().map(Ok).collect(), (!is_over).then_some(following)))
        }
        Err(error) => Some((vec![Err(error)], None)),
    }
}

fn limited(message: String) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", ErrorCode::LimitExceeded.as_str()))
}
