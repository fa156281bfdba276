//! The ledger of a job that hands leads out in turn.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use crate::actions::jobs::Weight;
use crate::domain::id::{DealerId, JobId, UserId};
use crate::domain::lead::Recipient;
use crate::domain::{Invalid, InvalidCode, Timestamp, rotation as domain};
use crate::graphql::ids;
use crate::graphql::network::{Dealer, User, UserKey};
use crate::graphql::session::Ctx;

/// One recipient's line in a rotation's ledger.
pub struct RotationMember(pub domain::RotationMember);

/// One recipient's line in a rotation's ledger. Next is, of those who are eligible for a lead, whose turns with one more are the fewest for
/// the weight.
#[Object]
impl RotationMember {
    /// The dealer as it is now; null for a user.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        let Recipient::Dealer(id) = self.0.recipient else { return Ok(None) };
        Dealer::load(ctx, id).await
    }

    /// The user as it is now; null for a dealer.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Recipient::User(id) = self.0.recipient else { return Ok(None) };
        Ok(ctx.loaders()?.load(UserKey(id)).await?.map(User))
    }

    /// The share of turns against that of the others, 1 to 100; 1 unless it was set.
    async fn weight(&self) -> i32 {
        i32::try_from(self.0.weight).unwrap_or(i32::MAX)
    }

    /// Turns as they count for who is next: those that were had and not given back, and a head start for whoever came later or was away.
    async fn turns(&self) -> i32 {
        i32::try_from(self.0.turns).unwrap_or(i32::MAX)
    }

    /// Leads that were offered in turn, ever.
    async fn offered_count(&self) -> i32 {
        i32::try_from(self.0.offered_count).unwrap_or(i32::MAX)
    }

    /// Of those, the turns that were given back.
    async fn returned_count(&self) -> i32 {
        i32::try_from(self.0.returned_count).unwrap_or(i32::MAX)
    }

    /// Whether it stands among the others. Not if it was away when the job last looked, or has competed with nobody yet: it begins at their
    /// level when it next competes.
    async fn is_settled(&self) -> bool {
        self.0.is_settled
    }

    /// When it came into the ledger: the first lead that it was eligible for, or when a weight was set.
    async fn joined_at(&self) -> DateTime<Utc> {
        self.0.joined_at.datetime()
    }

    /// When a lead was last offered in turn.
    async fn last_offered_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_offered_at.map(Timestamp::datetime)
    }
}

/// Shares to be set in a rotation's ledger.
#[derive(InputObject)]
pub struct SetRotationWeightsInput {
    /// `job_…`
    job_id: ID,
    /// For whom; 1 to 250. The others keep theirs.
    weights: Vec<RotationWeightInput>,
    /// The same key with the same input sets once.
    idempotency_key: Option<String>,
}

/// Somebody's share.
#[derive(InputObject)]
pub struct RotationWeightInput {
    /// `dlr_…` or `usr_…`
    recipient_id: ID,
    /// 1 to 100: with 2, twice as many turns as with 1.
    weight: i32,
}

impl SetRotationWeightsInput {
    /// As the action takes it; every id that is none is a problem.
    pub fn read(&self) -> Result<(JobId, Vec<Weight>), Vec<Invalid>> {
        let mut problems = Vec::new();
        let job = ids::parse("jobId", &self.job_id).map_err(|problem| problems.push(problem));
        let mut weights = Vec::with_capacity(self.weights.len());
        for (index, given) in self.weights.iter().enumerate() {
            match recipient(&given.recipient_id) {
                // Negative numbers become 0, which is refused as one.
                Ok(recipient) => weights.push((recipient, u32::try_from(given.weight).unwrap_or(0))),
                Err(problem) => problems.push(problem.under(index.to_string()).under("weights")),
            }
        }
        match job {
            Ok(job) if problems.is_empty() => Ok((job, weights)),
            _ => Err(problems),
        }
    }
}

fn recipient(id: &ID) -> Result<Recipient, Invalid> {
    let dealer = ids::parse::<DealerId>("recipientId", id).map(Recipient::Dealer);
    dealer.or_else(|_| ids::parse::<UserId>("recipientId", id).map(Recipient::User)).map_err(|_| {
        let message = format!("`{}` is neither a dealer's id nor a user's, expected `dlr_…` or `usr_…`", id.as_str());
        Invalid::new("recipientId", InvalidCode::Malformed, message)
    })
}
