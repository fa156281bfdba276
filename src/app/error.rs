//! Why the server can't be put together.

use crate::auth::AuthError;
use crate::config::ConfigError;
use crate::delivery::DeliveryError;
use crate::domain::Invalid;
use crate::store::StoreError;

/// Something that is needed is missing or wrong.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A setting is missing.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No token could be checked.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The database can't be used.
    #[error("the database can't be used")]
    Store(#[from] StoreError),
    /// No mail could be sent.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The key behind links can't be used.
    #[error(transparent)]
    Links(#[from] Invalid),
}
