//! What is wrong with this room's settings or templates; how a single mail went is an [`Outcome`](super::Outcome) instead.

/// Why nothing can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// An address in the settings is none.
    #[error("`{address}` in `{setting}` is not an email address, give one such as `leads@example.com`")]
    Address {
        /// Which setting.
        setting: &'static str,
        /// What stood there.
        address: String,
    },
    /// The password would cross the network in clear.
    #[error("a password for `{host}` would be sent unencrypted, set `tls` to `starttls` or `tls`")]
    PasswordInClear {
        /// The mail server.
        host: String,
    },
    /// The host's name can't be used for TLS.
    #[error("no encrypted connection to `{host}` can be made: {source}")]
    Tls {
        /// The mail server.
        host: String,
        /// What the TLS library said.
        source: lettre::transport::smtp::Error,
    },
    /// A document could not be written.
    #[error("the document could not be written: {0}")]
    Document(#[from] std::io::Error),
    /// No client for HTTP could be made.
    #[error("no client for pushes can be made: {0}")]
    Client(#[from] reqwest::Error),
    /// A push has no words of its own.
    #[error("a push is no mail")]
    NoMail,
    /// A template failed.
    #[error("the mail could not be written: {0}")]
    Template(#[from] askama::Error),
}
