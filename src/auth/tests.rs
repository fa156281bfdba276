//! Tokens, good and forged. Keys are made on the spot: no private key lies in the repository.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::clock::{Clock, SetClock};
use crate::config::{Auth, Config};
use crate::domain::id::{CompanyId, DealerId, TenantId, UserId};
use crate::domain::{Actor, Role, Timestamp};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
const SECRET: &str = "a shared secret of some forty characters";
const OTHER_SECRET: &str = "another secret, of some forty characters";
const TENANT: &str = "ten_00000000000000000000000000000001";

static RSA: LazyLock<EncodingKey> = LazyLock::new(|| {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    EncodingKey::from_rsa_pem(&pem(der.as_ref())).unwrap()
});
static EC: LazyLock<EncodingKey> = LazyLock::new(|| {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    EncodingKey::from_ec_pem(&pem(pair.to_pkcs8v1().unwrap().as_ref())).unwrap()
});
static ED: LazyLock<EncodingKey> = LazyLock::new(|| {
    let der: Pkcs8V1Der<'_> = Ed25519KeyPair::generate().unwrap().as_der().unwrap();
    EncodingKey::from_ed_pem(&pem(der.as_ref())).unwrap()
});

fn pem(der: &[u8]) -> Vec<u8> {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der)).into_bytes()
}

fn jwk(kid: &str, key: &EncodingKey, algorithm: Algorithm) -> Jwk {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    jwk
}

fn key_set(keys: Vec<Jwk>) -> String {
    serde_json::to_string(&JwkSet { keys }).unwrap()
}

fn config(settings: &[(&str, &str)]) -> Auth {
    let settings = settings.iter().map(|(key, value)| (format!("BATON_AUTH__{key}"), (*value).to_owned()));
    Config::load(None, settings).unwrap().auth
}

fn authenticator(settings: &[(&str, &str)]) -> (Authenticator, Arc<SetClock>) {
    let clock = Arc::new(SetClock::at(NOW));
    (Authenticator::new(&config(settings), clock.clone()).unwrap(), clock)
}

fn with_secret() -> Authenticator {
    authenticator(&[("SECRET", SECRET)]).0
}

fn with_public_keys() -> Authenticator {
    let (authenticator, _) = authenticator(&[
        ("ALGORITHMS", "HS256, RS256, ES256, EdDSA"),
        ("SECRET", SECRET),
        ("JWKS_URL", "https://login.example.com/jwks.json"),
    ]);
    let keys =
        vec![jwk("rsa", &RSA, Algorithm::RS256), jwk("ec", &EC, Algorithm::ES256), jwk("ed", &ED, Algorithm::EdDSA)];
    assert_eq!(authenticator.replace_keys(&key_set(keys)).unwrap(), 3);
    authenticator
}

fn seconds() -> i64 {
    NOW.micros() / 1_000_000
}

/// Sound claims of an administrator, with some changed; null takes one away.
fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "baton", "aud": "baton", "exp": seconds() + 600, "sub": "ada", "name": "Ada", "tenant": TENANT,
        "role": "admin",
    });
    let object = claims.as_object_mut().unwrap();
    for (claim, value) in changes.as_object().unwrap() {
        if value.is_null() {
            object.remove(claim);
        } else {
            object.insert(claim.clone(), value.clone());
        }
    }
    claims
}

fn signed(changes: &Value) -> String {
    signed_by(Algorithm::HS256, None, &EncodingKey::from_secret(SECRET.as_bytes()), changes)
}

fn signed_by(algorithm: Algorithm, kid: Option<&str>, key: &EncodingKey, changes: &Value) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, &claims(changes), key).unwrap()
}

fn refusal(changes: &Value) -> TokenError {
    with_secret().authenticate(&signed(changes)).unwrap_err()
}

/// AUTH-1, ALLOC-4
#[test]
fn an_issued_token_proves_the_same_actor() {
    let id = Uuid::from_u128(5);
    for (role, user, dealer, source, company) in [
        (Role::Admin, None, None, None, None),
        (Role::Manager, Some(UserId(id)), None, None, None),
        (Role::Member, Some(UserId(id)), None, None, None),
        (Role::Dealer, None, Some(DealerId(id)), None, None),
        (Role::Partner, None, None, Some("web".to_owned()), None),
        (Role::Partner, None, None, None, Some(CompanyId(id))),
        (Role::Auditor, None, None, None, None),
    ] {
        let tenant = TenantId(Uuid::from_u128(1));
        let actor =
            Actor { tenant, subject: "s".to_owned(), name: "N".to_owned(), role, user, dealer, source, company };
        let token = issue_token(&config(&[("SECRET", SECRET)]), &actor, NOW, Duration::from_mins(1)).unwrap();
        assert_eq!(with_secret().authenticate(&token), Ok(actor));
    }
}

#[test]
fn a_token_for_an_actor_that_does_not_fit_together_is_not_issued() {
    let actor = with_secret().authenticate(&signed(&json!({}))).unwrap();
    let member = Actor { role: Role::Member, ..actor.clone() };
    let error = issue_token(&config(&[("SECRET", SECRET)]), &member, NOW, Duration::from_mins(1)).unwrap_err();
    assert!(matches!(error, AuthError::Actor(_)), "{error}");
    let error = issue_token(&config(&[]), &actor, NOW, Duration::from_mins(1)).unwrap_err();
    assert!(matches!(error, AuthError::NoSecret), "{error}");
}

/// AUTH-1
#[test]
fn rs256_es256_and_eddsa_are_checked_with_the_public_key_that_the_token_names() {
    let authenticator = with_public_keys();
    for (algorithm, kid, key) in
        [(Algorithm::RS256, "rsa", &*RSA), (Algorithm::ES256, "ec", &*EC), (Algorithm::EdDSA, "ed", &*ED)]
    {
        let token = signed_by(algorithm, Some(kid), key, &json!({}));
        assert_eq!(authenticator.authenticate(&token).unwrap().subject, "ada");
        for kid in [None, Some("gone"), Some("rsa"), Some("ec"), Some("ed")].into_iter().filter(|k| *k != Some(kid)) {
            let token = signed_by(algorithm, kid, key, &json!({}));
            assert_eq!(authenticator.authenticate(&token), Err(TokenError::UnknownKey), "{algorithm:?} {kid:?}");
        }
    }
}

/// AUTH-1: `none`, in every spelling that has fooled someone.
#[test]
fn a_token_without_a_signature_is_refused() {
    let body = URL_SAFE_NO_PAD.encode(claims(&json!({})).to_string());
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "JWT"}).to_string());
        for token in [format!("{header}.{body}."), format!("{header}.{body}.AAAA")] {
            let error = with_public_keys().authenticate(&token).unwrap_err();
            assert!(matches!(error, TokenError::Algorithm { .. }), "{alg}: {error}");
        }
    }
    let unsigned = signed(&json!({})).rsplit_once('.').unwrap().0.to_owned() + ".";
    assert_eq!(with_secret().authenticate(&unsigned), Err(TokenError::Signature));
}

/// AUTH-1: the classic confusion, a public key used as the shared secret.
#[test]
fn a_public_key_is_never_taken_for_a_shared_secret() {
    let public = jwk("rsa", &RSA, Algorithm::RS256);
    let modulus = serde_json::to_value(&public).unwrap()["n"].as_str().unwrap().to_owned();
    let guesses = [
        serde_json::to_vec(&public).unwrap(),
        modulus.clone().into_bytes(),
        URL_SAFE_NO_PAD.decode(modulus).unwrap(),
        key_set(vec![public]).into_bytes(),
    ];
    let (without_secret, _) =
        authenticator(&[("ALGORITHMS", "HS256,RS256"), ("JWKS_URL", "https://login.example.com/jwks.json")]);
    without_secret.replace_keys(&key_set(vec![jwk("rsa", &RSA, Algorithm::RS256)])).unwrap();
    for guess in guesses {
        let token = signed_by(Algorithm::HS256, Some("rsa"), &EncodingKey::from_secret(&guess), &json!({}));
        assert_eq!(with_public_keys().authenticate(&token), Err(TokenError::Signature));
        assert_eq!(without_secret.authenticate(&token), Err(TokenError::UnknownKey));
    }
}

/// AUTH-1
#[test]
fn an_algorithm_outside_the_list_is_refused_even_if_well_signed() {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let error = with_secret().authenticate(&signed_by(algorithm, None, &key, &json!({}))).unwrap_err();
        assert_eq!(error, TokenError::Algorithm { allowed: "HS256".to_owned() });
    }
    let error = with_secret().authenticate(&signed_by(Algorithm::ES256, Some("ec"), &EC, &json!({}))).unwrap_err();
    assert!(matches!(error, TokenError::Algorithm { .. }), "{error}");
}

/// AUTH-1
#[test]
fn a_forged_or_changed_token_is_refused() {
    let forged = signed_by(Algorithm::HS256, None, &EncodingKey::from_secret(OTHER_SECRET.as_bytes()), &json!({}));
    assert_eq!(with_secret().authenticate(&forged), Err(TokenError::Signature));
    let [header, _, signature] =
        signed(&json!({})).split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    let other = URL_SAFE_NO_PAD.encode(claims(&json!({"sub": "eve"})).to_string());
    assert_eq!(with_secret().authenticate(&format!("{header}.{other}.{signature}")), Err(TokenError::Signature));
}

/// AUTH-1
#[test]
fn what_is_not_a_token_or_too_long_is_refused_without_being_shown() {
    for token in ["", "a", "a.b", "a.b.c", "a.b.c.d", "....", "\u{0}.\u{ff}.x", "e30.e30.e30"] {
        assert_eq!(with_secret().authenticate(token), Err(TokenError::Malformed), "{token}");
    }
    let long = signed(&json!({"name": "x".repeat(9_000)}));
    let error = with_secret().authenticate(&long).unwrap_err();
    assert_eq!(error, TokenError::TooLong { bytes: long.len(), max: 8192 });
    assert!(error.to_string().len() < 80);
}

#[test]
fn a_header_with_crit_is_refused() {
    let token = signed(&json!({}));
    let (_, rest) = token.split_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "crit": ["b64"], "b64": false}).to_string());
    assert_eq!(with_secret().authenticate(&format!("{header}.{rest}")), Err(TokenError::Critical));
}

/// AUTH-1: to the microsecond, by our clock.
#[test]
fn a_token_is_valid_from_nbf_until_just_before_exp_and_the_leeway_widens_both() {
    let (authenticator, clock) = authenticator(&[("SECRET", SECRET), ("LEEWAY_SECONDS", "60")]);
    let token = signed(&json!({"nbf": seconds() + 100, "exp": seconds() + 200}));
    let step = Duration::from_micros(1);
    clock.advance(Duration::from_micros(39_999_999));
    assert_eq!(authenticator.authenticate(&token), Err(TokenError::NotYetValid));
    clock.advance(step);
    assert!(authenticator.authenticate(&token).is_ok());
    clock.advance(Duration::from_micros(219_999_999));
    assert!(authenticator.authenticate(&token).is_ok());
    clock.advance(step);
    assert_eq!(authenticator.authenticate(&token), Err(TokenError::Expired));
}

#[test]
fn times_may_have_fractions_and_must_be_sensible() {
    let (authenticator, _) = authenticator(&[("SECRET", SECRET), ("LEEWAY_SECONDS", "0")]);
    let ask = |exp: Value| authenticator.authenticate(&signed(&json!({"exp": exp})));
    assert!(ask(json!(seconds() as f64 + 0.5)).is_ok());
    assert_eq!(ask(json!(seconds())), Err(TokenError::Expired));
    for exp in [json!("soon"), json!(-1), json!(1e300)] {
        let error = ask(exp).unwrap_err();
        assert!(matches!(&error, TokenError::Claim { claim, .. } if claim == "exp"), "{error}");
    }
    assert!(ask(json!([1])).is_err());
}

/// AUTH-1
#[test]
fn another_issuer_or_audience_and_each_missing_claim_is_refused() {
    assert_eq!(refusal(&json!({"iss": "someone"})), TokenError::Issuer);
    assert_eq!(refusal(&json!({"aud": "another"})), TokenError::Audience);
    assert_eq!(refusal(&json!({"aud": ["another", "third"]})), TokenError::Audience);
    assert!(with_secret().authenticate(&signed(&json!({"aud": ["another", "baton"]}))).is_ok());
    for claim in ["iss", "aud", "exp", "sub", "tenant", "role"] {
        assert_eq!(refusal(&json!({ claim: null })), TokenError::Missing { claim: claim.to_owned() });
    }
}

/// ALLOC-4, AUTH-3
#[test]
fn a_wrong_claim_is_named_and_its_value_is_not() {
    for (claim, value) in [
        ("role", json!("emperor")),
        ("tenant", json!("dlr_00000000000000000000000000000001")),
        ("user", json!("ada@example.com")),
        ("dealer", json!(17)),
        ("sub", json!("")),
        ("sub", json!("x".repeat(300))),
        ("source", json!("web")),
    ] {
        let error = refusal(&json!({ claim: value }));
        assert!(matches!(&error, TokenError::Claim { claim: named, .. } if named == claim), "{claim}: {error}");
        let said = error.to_string();
        assert!(!said.contains("emperor") && !said.contains('@') && !said.contains("xxx"), "{said}");
    }
    let error = refusal(&json!({"role": "member"}));
    assert_eq!(error.to_string(), "the token's `user` is wrong: the role member needs a user");
}

/// AUTH-1: rotation.
#[test]
fn replaced_keys_are_believed_at_once_and_the_former_no_more() {
    let authenticator = with_public_keys();
    let token = signed_by(Algorithm::ES256, Some("ec"), &EC, &json!({}));
    assert!(authenticator.authenticate(&token).is_ok());
    authenticator.replace_keys("{").unwrap_err();
    assert!(authenticator.authenticate(&token).is_ok(), "an unusable set changes nothing");
    authenticator.replace_keys(&key_set(vec![jwk("new", &ED, Algorithm::EdDSA)])).unwrap();
    assert_eq!(authenticator.authenticate(&token), Err(TokenError::UnknownKey));
    assert!(authenticator.authenticate(&signed_by(Algorithm::EdDSA, Some("new"), &ED, &json!({}))).is_ok());
}

/// AUTH-1: rotation by file.
#[test]
fn a_changed_key_file_is_followed_and_a_broken_one_is_not() {
    let path = std::env::temp_dir().join(format!("baton-keys-{}.json", std::process::id()));
    std::fs::write(&path, key_set(vec![jwk("ec", &EC, Algorithm::ES256)])).unwrap();
    let (authenticator, clock) = authenticator(&[("ALGORITHMS", "ES256,EdDSA"), ("JWKS_FILE", path.to_str().unwrap())]);
    let old = signed_by(Algorithm::ES256, Some("ec"), &EC, &json!({}));
    let new = signed_by(Algorithm::EdDSA, Some("ed"), &ED, &json!({}));
    assert!(authenticator.authenticate(&old).is_ok());
    assert_eq!(authenticator.authenticate(&new), Err(TokenError::UnknownKey));

    std::fs::write(&path, "{ half a fi").unwrap();
    clock.advance(Duration::from_secs(5));
    assert!(authenticator.authenticate(&old).is_ok());

    std::fs::write(&path, key_set(vec![jwk("ed", &ED, Algorithm::EdDSA)])).unwrap();
    assert_eq!(authenticator.authenticate(&new), Err(TokenError::UnknownKey), "not looked at in between");
    clock.advance(Duration::from_secs(5));
    assert!(authenticator.authenticate(&new).is_ok());
    assert_eq!(authenticator.authenticate(&old), Err(TokenError::UnknownKey));

    std::fs::remove_file(&path).unwrap();
    clock.advance(Duration::from_secs(5));
    assert!(authenticator.authenticate(&new).is_ok(), "a file that is gone changes nothing");
}

#[test]
fn a_key_set_with_a_secret_a_nameless_or_a_weak_key_is_refused() {
    let authenticator = with_public_keys();
    let secret = jwk("s", &EncodingKey::from_secret(SECRET.as_bytes()), Algorithm::HS256);
    let error = authenticator.replace_keys(&key_set(vec![secret])).unwrap_err().to_string();
    assert!(error.starts_with("key `s` of the key set is a shared secret"), "{error}");

    let mut nameless = jwk("x", &EC, Algorithm::ES256);
    nameless.common.key_id = None;
    let error = authenticator.replace_keys(&key_set(vec![nameless])).unwrap_err().to_string();
    assert_eq!(error, "key `number 1` of the key set has no `kid`, give it one");

    let twice = vec![jwk("x", &EC, Algorithm::ES256), jwk("x", &ED, Algorithm::EdDSA)];
    assert!(authenticator.replace_keys(&key_set(twice)).unwrap_err().to_string().contains("twice"));

    let mut weak = serde_json::to_value(jwk("w", &RSA, Algorithm::RS256)).unwrap();
    weak["n"] = json!(URL_SAFE_NO_PAD.encode([0xAB; 128]));
    let error = authenticator.replace_keys(&json!({"keys": [weak]}).to_string()).unwrap_err().to_string();
    assert!(error.contains("less than 2048 bits"), "{error}");
}

#[test]
fn keys_for_other_purposes_in_a_set_are_left_out() {
    let mut encrypting = serde_json::to_value(jwk("enc", &RSA, Algorithm::RS256)).unwrap();
    encrypting["use"] = json!("enc");
    let mut other = serde_json::to_value(jwk("ps", &RSA, Algorithm::RS256)).unwrap();
    other["alg"] = json!("PS256");
    let good = serde_json::to_value(jwk("ec", &EC, Algorithm::ES256)).unwrap();
    let set = json!({"keys": [encrypting, other, good]}).to_string();
    assert_eq!(with_public_keys().replace_keys(&set).unwrap(), 1);
}

#[test]
fn a_configuration_by_which_no_token_could_be_checked_is_refused() {
    let clock: Arc<dyn Clock> = Arc::new(SetClock::at(NOW));
    let error = Authenticator::new(&config(&[]), clock.clone()).err().unwrap();
    assert!(matches!(error, AuthError::NoKeys), "{error}");
    let missing = config(&[("ALGORITHMS", "RS256"), ("JWKS_FILE", "no/such/file.json")]);
    let error = Authenticator::new(&missing, clock).err().unwrap().to_string();
    assert_eq!(error, "can't read the key set `no/such/file.json`, named by `auth.jwks_file`");
}
