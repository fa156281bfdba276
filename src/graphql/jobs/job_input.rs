//! What people give to make or change a job.

use std::time::Duration;

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::job::{Algorithm, FallbackKind, Ranking};
use crate::domain::id::UserId;
use crate::domain::input::JobInput;
use crate::domain::job::Fallback;
use crate::domain::{Invalid, InvalidCode};
use crate::graphql::ids;
use crate::graphql::mutation::patch;

/// What a job does. What is left out stays as it is; for a new job, as described.
#[derive(InputObject)]
pub struct JobSettingsInput {
    /// The place in the order in which jobs look at a due lead; a new job is last.
    position: Option<i32>,
    /// CEL text over `lead` and `now`; blank, as for a new job, matches every lead.
    condition: Option<String>,
    /// Seconds from the offer to the hand-over. A new job needs it.
    elapsed_seconds: Option<i32>,
    /// Seconds from the receipt of the request after which nothing is handed on any more; seven days for a new job.
    upper_age_seconds: Option<i32>,
    /// `ifc_…`, from whose candidates. A new job needs it.
    interface_id: Option<ID>,
    /// How copies are handed out; round robin for a new job.
    algorithm: Option<Algorithm>,
    /// Copies per blast, 1 to 100; 3 for a new job.
    blast_size: Option<i32>,
    /// Whether a round robin keeps its first ranking; a new job does.
    ranking: Option<Ranking>,
    /// Copies that a round robin or a rotation makes at most, 1 to 100; 5 for a new job.
    max_rounds: Option<i32>,
    /// Whether an offer in rotation that ends without having been acknowledged gives the turn back; not for a new job.
    gives_turn_back: Option<bool>,
    /// Who gets a lead without candidates; nobody for a new job.
    fallback: Option<FallbackKind>,
    /// `usr_…`, for the fallback `USER`.
    fallback_user_id: Option<ID>,
    /// Whether the original stays alive until someone acknowledges; not for a new job.
    keep_original: Option<bool>,
    /// Whether the old owner is told; not for a new job.
    notify_old_owner: Option<bool>,
    /// Whether the new owner is told; by a new job, yes.
    notify_new_owner: Option<bool>,
    /// Whether the manager is told; not for a new job.
    notify_manager: Option<bool>,
    /// Whether copies are pushed to each active CRM integration of the dealers that get them; not for a new job. A CRM gets the customer's
    /// contact data at once, before anybody acknowledges: that is what a push is for.
    push_to_crm: Option<bool>,
    /// How many seconds before the hand-over the recipient is warned; null, as for a new job, for no warning.
    warn_before_seconds: MaybeUndefined<i32>,
}

impl JobSettingsInput {
    /// As actions take it; every id that is none is a problem.
    pub fn read(self, name: Option<String>) -> Result<JobInput, Vec<Invalid>> {
        let fallback = self.fallback();
        let interface = ids::parse_optional("interfaceId", self.interface_id.as_ref());
        let (fallback, interface) = match (fallback, interface) {
            (Ok(fallback), Ok(interface)) => (fallback, interface),
            (fallback, interface) => return Err([fallback.err(), interface.err()].into_iter().flatten().collect()),
        };
        // Negative numbers become 0, which is refused as one.
        let number = |given: i32| u32::try_from(given).unwrap_or(0);
        let seconds = |given: i32| Duration::from_secs(u64::from(number(given)));
        Ok(JobInput {
            name,
            position: self.position.map(i64::from),
            condition: self.condition,
            elapsed: self.elapsed_seconds.map(seconds),
            upper_age: self.upper_age_seconds.map(seconds),
            interface,
            algorithm: self.algorithm.map(Into::into),
            blast_size: self.blast_size.map(number),
            ranking: self.ranking.map(Into::into),
            max_rounds: self.max_rounds.map(number),
            gives_turn_back: self.gives_turn_back,
            fallback,
            keep_original: self.keep_original,
            notify_old_owner: self.notify_old_owner,
            notify_new_owner: self.notify_new_owner,
            notify_manager: self.notify_manager,
            push_to_crm: self.push_to_crm,
            warn_before: patch(self.warn_before_seconds).map(|given| given.map(seconds)),
        })
    }

    fn fallback(&self) -> Result<Option<Fallback>, Invalid> {
        let user = ids::parse_optional::<UserId>("fallbackUserId", self.fallback_user_id.as_ref())?;
        match (self.fallback, user) {
            (Some(FallbackKind::User) | None, Some(user)) => Ok(Some(Fallback::User(user))),
            (Some(FallbackKind::User), None) => {
                let message = "the fallback is a user, name one";
                Err(Invalid::new("fallbackUserId", InvalidCode::Required, message))
            }
            (Some(_), Some(_)) => {
                let message = "a user is named, but the fallback is none: leave one of them out";
                Err(Invalid::new("fallbackUserId", InvalidCode::NotAllowed, message))
            }
            (Some(FallbackKind::DefaultDealer), None) => Ok(Some(Fallback::DefaultDealer)),
            (Some(FallbackKind::Leave), None) => Ok(Some(Fallback::Leave)),
            (None, None) => Ok(None),
        }
    }
}
