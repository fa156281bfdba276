//! From a token to an actor, in the order in which it is cheap and safe: length, header, key, signature, issuer and
//! audience, time, claims. Nothing of a token is believed before its signature is checked.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, Validation};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::claims::Claims;
use super::error::{AuthError, TokenError};
use super::keys::KeySet;
use crate::clock::Clock;
use crate::config::{Algorithm, Auth};
use crate::domain::{Actor, Timestamp};

/// A token of ours has 400 bytes; large identity providers send up to 4 KB.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// How soon a changed key file is noticed. Reading a few KB this often costs nothing.
const FILE_LOOK_EVERY: Duration = Duration::from_secs(5);

/// Checks tokens. One for the whole process; its keys can be replaced while it is used.
pub struct Authenticator {
    issuer: String,
    audience: String,
    leeway: Duration,
    algorithms: Vec<Algorithm>,
    secret: Option<DecodingKey>,
    keys: ArcSwap<KeySet>,
    file: Option<KeyFile>,
    clock: Arc<dyn Clock>,
}

/// What a token proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Who acts.
    pub actor: Actor,
    /// The token is refused from this moment on.
    pub until: Timestamp,
}

/// The key set's file, and what stood in it when it was last read.
struct KeyFile {
    path: PathBuf,
    text: Mutex<String>,
    next_look_at: AtomicI64,
}

/// The part of a token's header that decides how it is checked.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

impl Authenticator {
    /// Reads the keys that the configuration names; refuses a configuration by which no token could be checked. The
    /// keys of `jwks_url` are to be handed in by [`Self::replace_keys`], for this room does not reach out.
    pub fn new(config: &Auth, clock: Arc<dyn Clock>) -> Result<Self, AuthError> {
        let shared = config.algorithms.contains(&Algorithm::HS256);
        let secret = config.secret.as_ref().filter(|_| shared);
        if secret.is_none() && config.jwks_file.is_none() && config.jwks_url.is_none() {
            return Err(AuthError::NoKeys);
        }
        let (keys, file) = match &config.jwks_file {
            None => (KeySet::default(), None),
            Some(path) => {
                let text = read(path)?;
                (KeySet::parse(&text)?, Some(KeyFile::new(path.clone(), text, clock.now())))
            }
        };
        Ok(Self {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            leeway: Duration::from_secs(config.leeway_seconds),
            algorithms: config.algorithms.clone(),
            secret: secret.map(|secret| DecodingKey::from_secret(secret.expose_secret().as_bytes())),
            keys: ArcSwap::from_pointee(keys),
            file,
            clock,
        })
    }

    /// The actor that a token proves.
    pub fn authenticate(&self, token: &str) -> Result<Actor, TokenError> {
        self.prove(token).map(|proof| proof.actor)
    }

    /// What a token proves, and until when.
    pub fn prove(&self, token: &str) -> Result<Proof, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong { bytes: token.len(), max: TOKEN_BYTES_MAX });
        }
        let now = self.clock.now();
        self.follow_file(now);
        let header = header(token)?;
        let algorithm = self.allowed(&header)?;
        let claims = self.signed_claims(token, &header, algorithm)?;
        let until = claims.check_time(now, self.leeway)?;
        Ok(Proof { actor: claims.actor()?, until })
    }

    /// Believes the keys of this JSON Web Key Set from now on, and no other public keys; answers how many they are.
    /// An unusable set changes nothing.
    pub fn replace_keys(&self, jwks: &str) -> Result<usize, AuthError> {
        let keys = KeySet::parse(jwks)?;
        let count = keys.len();
        self.keys.store(Arc::new(keys));
        Ok(count)
    }

    fn allowed(&self, header: &Header) -> Result<Algorithm, TokenError> {
        if header.crit.is_some() {
            return Err(TokenError::Critical);
        }
        let named = |algorithm: &&Algorithm| format!("{algorithm:?}") == header.alg;
        self.algorithms.iter().find(named).copied().ok_or_else(|| {
            let allowed: Vec<_> = self.algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect();
            TokenError::Algorithm { allowed: allowed.join(", ") }
        })
    }

    fn signed_claims(&self, token: &str, header: &Header, algorithm: Algorithm) -> Result<Claims, TokenError> {
        let keys = self.keys.load();
        let key = match algorithm {
            Algorithm::HS256 => self.secret.as_ref(),
            _ => header.kid.as_deref().and_then(|kid| keys.find(kid, algorithm)),
        };
        let key = key.ok_or(TokenError::UnknownKey)?;
        let validation = self.validation(algorithm);
        jsonwebtoken::decode::<Claims>(token, key, &validation).map(|data| data.claims).map_err(|error| {
            match error.into_kind() {
                ErrorKind::InvalidSignature => TokenError::Signature,
                ErrorKind::InvalidIssuer => TokenError::Issuer,
                ErrorKind::InvalidAudience => TokenError::Audience,
                ErrorKind::MissingRequiredClaim(claim) => TokenError::Missing { claim },
                _ => TokenError::Malformed,
            }
        })
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(match algorithm {
            Algorithm::HS256 => jsonwebtoken::Algorithm::HS256,
            Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
        });
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["iss", "aud"]);
        // The library would ask the machine's clock; `Claims::check_time` asks ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation
    }

    /// Takes over a changed key file. One that can't be read or used is logged once, and the former keys stay: a file
    /// that is just being written must not lock everyone out.
    fn follow_file(&self, now: Timestamp) {
        let Some(file) = self.file.as_ref().filter(|file| file.is_due(now)) else { return };
        let text = match read(&file.path) {
            Ok(text) => text,
            Err(error) => {
                tracing::warn!(error = %error, "auth: key file not read, former keys stay");
                return;
            }
        };
        let mut known = file.text.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == text {
            return;
        }
        match self.replace_keys(&text) {
            Ok(count) => tracing::info!(keys.count = count, "auth: key file taken over"),
            Err(error) => tracing::warn!(error = %error, "auth: key file not usable, former keys stay"),
        }
        *known = text;
    }
}

impl KeyFile {
    fn new(path: PathBuf, text: String, now: Timestamp) -> Self {
        Self { path, text: Mutex::new(text), next_look_at: AtomicI64::new((now + FILE_LOOK_EVERY).micros()) }
    }

    /// Whether it is time to look, for one caller only.
    fn is_due(&self, now: Timestamp) -> bool {
        let next = self.next_look_at.load(Ordering::Relaxed);
        let later = (now + FILE_LOOK_EVERY).micros();
        now.micros() >= next
            && self.next_look_at.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

fn read(path: &std::path::Path) -> Result<String, AuthError> {
    std::fs::read_to_string(path).map_err(|source| AuthError::Unreadable { path: path.to_owned(), source })
}

/// Read by ourselves, because the library can't tell an algorithm that it does not know from a broken token.
fn header(token: &str) -> Result<Header, TokenError> {
    let (first, rest) = token.split_once('.').ok_or(TokenError::Malformed)?;
    if rest.matches('.').count() != 1 {
        return Err(TokenError::Malformed);
    }
    let json = URL_SAFE_NO_PAD.decode(first).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)
}
