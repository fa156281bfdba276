//! From sources to a [`Config`]: defaults, then the file, then the environment, then the files that hold secrets. A value
//! that is wrong is never replaced by a default.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Format, Toml};
use figment::value::Dict;
use figment::{Figment, Profile};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::error::ConfigError;
use super::layer::{Layer, find, variable};
use super::sections::{Auth, Config, Database, Mail, Secrets, example};

/// The file that is read when none is named, if it is there.
const DEFAULT_FILE: &str = "baton.toml";

impl Config {
    /// Reads the named file, or `baton.toml` if there is one, and this process's environment.
    pub fn from_surroundings(file: Option<&Path>) -> Result<Self, ConfigError> {
        let unnamed = Path::new(DEFAULT_FILE);
        let file = file.or_else(|| unnamed.exists().then_some(unnamed));
        let text = |value: OsString| value.into_string().ok();
        Self::load(file, std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))))
    }

    /// Reads the file, if one is given, and the variables, which win.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let (environment, mut problems) = Layer::environment(variables);
        problems.extend(environment.unknown_keys());
        let mut sources = Figment::from(Toml::string(&example()));
        if let Some(path) = file {
            let layer = Layer::file(path.display().to_string(), read_toml(path)?);
            problems.extend(layer.unknown_keys());
            sources = sources.merge(layer);
        }
        refuse(problems)?;
        // Lossy: variables are texts, and become numbers and booleans where one is expected.
        let mut config: Self = sources
            .merge(environment)
            .extract_lossy()
            .map_err(|errors| ConfigError::Wrong { problems: errors.into_iter().map(describe).collect() })?;
        config.read_secret_files()?;
        refuse(config.problems())?;
        Ok(config)
    }

    fn read_secret_files(&mut self) -> Result<(), ConfigError> {
        let Self { database: Database { url, url_file, .. }, auth, secrets, mail, .. } = self;
        let mut url_of_file = None;
        read_secret("database.url_file", url_file.as_ref(), &mut url_of_file)?;
        if let Some(read) = url_of_file {
            *url = read;
        }
        let Auth { secret, secret_file, .. } = auth;
        read_secret("auth.secret_file", secret_file.as_ref(), secret)?;
        let Secrets { key, key_file } = secrets;
        read_secret("secrets.key_file", key_file.as_ref(), key)?;
        let Mail { password, password_file, .. } = mail;
        read_secret("mail.password_file", password_file.as_ref(), password)
    }
}

impl Secrets {
    /// A key for one purpose (`link`, `cursor`), so that a token made for one is worth nothing for another:
    /// HMAC-SHA-256 of the purpose under `secrets.key`.
    pub fn key_for(&self, purpose: &str) -> Result<[u8; 32], ConfigError> {
        let missing = || ConfigError::Missing {
            key: "secrets.key",
            variable: "BATON_SECRETS__KEY",
            reason: "links and page cursors are keyed by it",
        };
        let key = self.key.as_ref().ok_or_else(missing)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).map_err(|_| missing())?;
        mac.update(purpose.as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }
}

fn refuse(problems: Vec<String>) -> Result<(), ConfigError> {
    if problems.is_empty() { Ok(()) } else { Err(ConfigError::Wrong { problems }) }
}

fn read_toml(path: &Path) -> Result<Dict, ConfigError> {
    let text = read(path, "`--config`")?;
    Toml::from_str(&text).map_err(|error| {
        // The library shows the faulty line, which may be the one with the password: keep place and reason only.
        let problem: Vec<_> = error.to_string().lines().filter(|line| !line.contains('|')).map(str::to_owned).collect();
        ConfigError::NotToml { path: path.to_owned(), problem: problem.join(", ") }
    })
}

/// Fills `value` from the file, unless both are given. A line break at the end is the editor's, not the secret's.
fn read_secret(key: &str, path: Option<&PathBuf>, value: &mut Option<SecretString>) -> Result<(), ConfigError> {
    let Some(path) = path else { return Ok(()) };
    if value.is_some() {
        let direct = key.trim_end_matches("_file");
        return refuse(vec![format!("`{direct}` and `{key}` are both set, keep one")]);
    }
    let text = read(path, &format!("`{key}`"))?;
    *value = Some(SecretString::from(text.trim_end_matches(['\r', '\n'])));
    Ok(())
}

fn read(path: &Path, named_by: &str) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        named_by: named_by.to_owned(),
        source,
    })
}

/// One of figment's errors in our words, without the value where it is secret.
fn describe(error: figment::Error) -> String {
    let secret = match error.path.as_slice() {
        [section, key, ..] => find(section, key).is_some_and(super::Key::is_secret),
        _ => false,
    };
    let place = match &error.metadata {
        Some(metadata) => metadata.interpolate(&Profile::Default, &error.path),
        None => format!("`{}`", error.path.join(".")),
    };
    let problem = match &error.kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) if secret => {
            format!("the value is not {expected}")
        }
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            format!("found {actual}, expected {expected}")
        }
        Kind::UnknownVariant(found, known) => format!("`{found}` is not one of {}", known.join(", ")),
        Kind::MissingField(field) => {
            let section = error.path.first().map_or("", String::as_str);
            format!("`{field}` is missing, set it there or as `{}`", variable(section, field))
        }
        other => other.to_string(),
    };
    format!("{place}: {problem}")
}
