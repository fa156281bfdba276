//! Why a configuration was refused. Never holds a secret's value.

use std::path::PathBuf;

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that holds the configuration or one secret can't be read.
    #[error("can't read `{}`, named by {named_by}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The option, variable or key that names it.
        named_by: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("`{}` is not valid TOML: {problem}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Line, column and what was expected; without the line itself, which may hold a secret.
        problem: String,
    },
    /// Keys are unknown or values are wrong; all of them, one per line.
    #[error("the configuration has {}:\n  {}", count(problems.len()), problems.join("\n  "))]
    Wrong {
        /// Where each stands, what is wrong and what to do.
        problems: Vec<String>,
    },
    /// A key has no default and is needed for what was asked.
    #[error("{key} is not set, {reason}; give it as `{variable}` or in the file")]
    Missing {
        /// The key, such as `secrets.key`.
        key: &'static str,
        /// The variable that sets it.
        variable: &'static str,
        /// What it is needed for.
        reason: &'static str,
    },
}

fn count(problems: usize) -> String {
    if problems == 1 { "a problem".to_owned() } else { format!("{problems} problems") }
}
