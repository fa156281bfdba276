//! How much of the network a credential sees.

use crate::domain::actor::Role;
use crate::domain::id::DealerId;
use crate::graphql::session::Session;

/// How much of the network a credential sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of it.
    Staff,
    /// This dealer.
    Dealer(DealerId),
    /// Nothing.
    Nothing,
}

impl Sight {
    /// Of whoever asks.
    pub fn of(session: &Session) -> Self {
        match (session.actor.role, session.actor.dealer) {
            (Role::Admin | Role::Manager | Role::Member | Role::Auditor, _) => Self::Staff,
            (Role::Dealer | Role::Partner, Some(dealer)) => Self::Dealer(dealer),
            (Role::Dealer | Role::Partner, None) => Self::Nothing,
        }
    }

    /// Whether a dealer can be asked for, and its inside is shown.
    pub fn sees(self, dealer: DealerId) -> bool {
        self == Self::Staff || self == Self::Dealer(dealer)
    }
}
