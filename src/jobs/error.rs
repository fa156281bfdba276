//! Why a step of a worker failed. The worker itself never ends because of one.

use crate::actions::ActionError;
use crate::store::StoreError;

/// A step that failed; the next one tries again.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// An action did not succeed.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A mistake of ours; the step was cut short, its transaction undone.
    #[error("the step panicked, the place was printed before this line")]
    Panicked,
}

impl JobError {
    /// Whether the database can't be reached: nobody's mistake, and it passes.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Store(error) | Self::Action(ActionError::Store(error)) => error.is_unavailable(),
            Self::Action(ActionError::Refused(_)) | Self::Panicked => false,
        }
    }
}
