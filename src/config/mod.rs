//! What an operator may set: read once at the start from a TOML file and the environment, checked as a whole.
//!
//! Later rooms get the parts that they need as arguments; nothing reads the environment or the file again. A secret is
//! never shown: not by `Debug`, not in an error, not when it has the wrong form.

mod check;
mod error;
mod layer;
mod load;
mod sections;

pub use error::ConfigError;
pub use sections::{
    Algorithm, Auth, Config, Crm, CrmReach, Database, Key, Limits, Log, LogFormat, Mail, MailTls, SECTIONS, Secrets,
    Section, Server, Shown, Sockets, Visibility, Workers, example,
};

#[cfg(test)]
mod tests;
