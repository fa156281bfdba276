//! The public keys that are believed at this moment, by `kid`. A key serves exactly one algorithm, decided by its own
//! type and never by the token, so that a public key can't be taken for a shared secret.

use std::collections::HashMap;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};

use super::error::AuthError;
use crate::config::Algorithm;

/// Keys in a set at most: rotation needs two or three.
const KEYS_MAX: usize = 100;

/// Bytes of an RSA modulus at least (2048 bits, RFC 7518 section 3.3).
const RSA_BYTES_MIN: usize = 256;

/// A key set, ready to check signatures.
#[derive(Default)]
pub(super) struct KeySet(HashMap<String, (Algorithm, DecodingKey)>);

impl KeySet {
    /// Reads a JSON Web Key Set. Keys for encryption and of kinds that we don't know are left out, as RFC 7517 asks;
    /// a shared secret among them, a key without `kid` or a weak one is refused.
    pub(super) fn parse(text: &str) -> Result<Self, AuthError> {
        let set: JwkSet =
            serde_json::from_str(text).map_err(|error| AuthError::NotAKeySet { problem: error.to_string() })?;
        if set.keys.len() > KEYS_MAX {
            let problem = format!("it has {} keys, at most {KEYS_MAX} are allowed", set.keys.len());
            return Err(AuthError::NotAKeySet { problem });
        }
        let mut keys = HashMap::new();
        for (number, jwk) in set.keys.iter().enumerate() {
            let Some(algorithm) = usable(jwk, number)? else { continue };
            let refuse = |problem| AuthError::Key { kid: shown(jwk, number), problem };
            let kid = jwk.common.key_id.clone().ok_or_else(|| refuse("has no `kid`, give it one"))?;
            let key = DecodingKey::from_jwk(jwk).map_err(|_| refuse("can't be decoded"))?;
            if keys.insert(kid, (algorithm, key)).is_some() {
                return Err(refuse("stands in the set twice"));
            }
        }
        Ok(Self(keys))
    }

    /// The key of that name, if it is for that algorithm.
    pub(super) fn find(&self, kid: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.0.get(kid).filter(|(known, _)| *known == algorithm).map(|(_, key)| key)
    }

    /// How many keys can be used.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The one algorithm that a key serves here; none if it is for something else.
fn usable(jwk: &Jwk, number: usize) -> Result<Option<Algorithm>, AuthError> {
    let refuse = |problem| Err(AuthError::Key { kid: shown(jwk, number), problem });
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::OctetKey(_) => {
            return refuse("is a shared secret, which does not belong into a set of public keys; remove it");
        }
        AlgorithmParameters::RSA(rsa) => {
            // Four characters of base64url carry three bytes.
            if rsa.n.len() * 3 / 4 < RSA_BYTES_MIN {
                return refuse("has less than 2048 bits, make a longer one");
            }
            Algorithm::RS256
        }
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return Ok(None),
    };
    let for_signing = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let named = match jwk.common.key_algorithm {
        None => true,
        Some(KeyAlgorithm::RS256) => algorithm == Algorithm::RS256,
        Some(KeyAlgorithm::ES256) => algorithm == Algorithm::ES256,
        Some(KeyAlgorithm::EdDSA) => algorithm == Algorithm::EdDSA,
        Some(_) => false,
    };
    Ok((for_signing && named).then_some(algorithm))
}

fn shown(jwk: &Jwk, number: usize) -> String {
    jwk.common.key_id.clone().unwrap_or_else(|| format!("number {}", number + 1))
}
