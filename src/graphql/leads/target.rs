//! Who gets leads, as it is asked for.

use async_graphql::{Enum, ID, InputObject, OneofObject};

use crate::actions::reassign::Target;
use crate::domain::id::{DealerId, InterfaceId, UserId};
use crate::domain::job::Algorithm;
use crate::domain::lead::Recipient;
use crate::domain::{Invalid, InvalidCode};
use crate::graphql::ids;

/// How leads are handed to candidates.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum DirectAlgorithm {
    /// The first candidate gets a copy.
    Single,
    /// The first so many candidates get a copy each; the first to acknowledge wins.
    Blast,
    /// The nearest candidate gets a copy, whatever the interface's sort says.
    Nearest,
}

/// The candidates of a published interface.
#[derive(InputObject)]
pub struct InterfaceTarget {
    /// `ifc_…`, with a published version.
    interface_id: ID,
    /// How many of them, and in which order.
    #[graphql(default_with = "DirectAlgorithm::Single")]
    algorithm: DirectAlgorithm,
    /// Copies of a blast, 1 to 100.
    #[graphql(default = 3)]
    blast_size: i32,
}

/// A dealer by its number.
#[derive(InputObject)]
pub struct DealerNumber {
    /// The number.
    number: String,
    /// The sub-number, if the dealer has one.
    #[graphql(default)]
    sub_number: String,
}

impl InterfaceTarget {
    /// The interface, the algorithm and the copies of a blast.
    pub fn read(&self) -> Result<(InterfaceId, Algorithm, u32), Invalid> {
        let algorithm = match self.algorithm {
            DirectAlgorithm::Single => Algorithm::Single,
            DirectAlgorithm::Blast => Algorithm::Blast,
            DirectAlgorithm::Nearest => Algorithm::Nearest,
        };
        let blast_size = u32::try_from(self.blast_size)
            .map_err(|_| Invalid::new("blastSize", InvalidCode::OutOfRange, "a blast goes to 1 to 100 candidates"))?;
        Ok((ids::parse("interfaceId", &self.interface_id)?, algorithm, blast_size))
    }
}

impl DealerNumber {
    /// Number and sub-number.
    pub fn read(&self) -> (String, String) {
        (self.number.trim().to_owned(), self.sub_number.trim().to_owned())
    }
}

/// Who gets leads: exactly one of these.
#[derive(OneofObject)]
pub enum LeadTarget {
    /// The dealer with this id.
    DealerId(ID),
    /// The dealer with this number.
    DealerNumber(DealerNumber),
    /// The user with this id.
    UserId(ID),
    /// The candidates of an interface.
    Interface(InterfaceTarget),
}

impl LeadTarget {
    /// To whom.
    pub(super) fn read(&self) -> Result<Target, Invalid> {
        Ok(match self {
            Self::DealerId(id) => {
                Target::Recipient(Recipient::Dealer(ids::parse::<DealerId>("dealerId", id).map_err(under_target)?))
            }
            Self::UserId(id) => {
                Target::Recipient(Recipient::User(ids::parse::<UserId>("userId", id).map_err(under_target)?))
            }
            Self::DealerNumber(dealer) => {
                let (number, sub_number) = dealer.read();
                Target::DealerNumber(number, sub_number)
            }
            Self::Interface(target) => {
                let (interface, algorithm, blast_size) = target.read().map_err(under_target)?;
                Target::Interface { interface, algorithm, blast_size }
            }
        })
    }
}

fn under_target(problem: Invalid) -> Invalid {
    problem.under("target")
}
