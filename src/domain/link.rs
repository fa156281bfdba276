//! The secret in a mailed link: which offer it opens, and the proof that we made it.
//!
//! It never touches a database or a clock, and the token itself must never be stored or logged: only its hash is.
//!
//! A token is made, not drawn (ACK-1). A mail is tried again for up to three days, and each try must carry the same
//! link; with a random token the raw secret would have to wait in the delivery row. Here it is derived from the
//! server's key at the moment of sending, so that a copy of the database opens no lead:
//!
//! ```text
//! mac   = HMAC-SHA256(key, "baton offer link v1" ‖ tenant ‖ offer ‖ generation)
//! token = base64url(tenant: 16 bytes ‖ offer: 16 bytes ‖ mac: first 16 bytes)      64 characters
//! hash  = SHA-256(the 48 bytes)                                                   what the offer's row keeps
//! ```
//!
//! The 128 bits of the mac make it unguessable (ids are no secret). The label and the offer make it good for one purpose:
//! an offer belongs to one recipient of one lead, and its row says whether it acknowledges or only shows status.
//! A fresh link (ACK-5) is the next generation: its hash replaces the old one, which then opens nothing.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::error::{Invalid, InvalidCode};
use super::id::{DownloadId, OfferId, TenantId};

const LABEL: &[u8] = b"baton offer link v1";
/// A download's address has the same form, under another label: neither opens what the other does. Its row keeps no hash, because no
/// later key has to open it.
const DOWNLOAD_LABEL: &[u8] = b"baton download v1";

/// Shorter keys than the hash's own output would be the weakest part (RFC 2104, section 3).
const KEY_BYTES_MIN: usize = 32;

const TOKEN_BYTES: usize = 48;

/// The server's secret from which links are made. Changing it does not break links that are out: their hashes are stored.
/// Only a retry of a mail from before the change would then carry a link that opens nothing.
#[derive(Clone)]
pub struct LinkKey(Hmac<Sha256>);

impl LinkKey {
    /// Takes at least 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, Invalid> {
        if secret.len() < KEY_BYTES_MIN {
            let found = secret.len();
            let message = format!("the link secret has {found} bytes, give at least {KEY_BYTES_MIN} random ones");
            return Err(Invalid::new("linkSecret", InvalidCode::OutOfRange, message));
        }
        let keyed = Hmac::new_from_slice(secret)
            .map_err(|error| Invalid::new("linkSecret", InvalidCode::Malformed, error.to_string()))?;
        Ok(Self(keyed))
    }

    /// The token for an offer: the same arguments give the same token.
    pub fn issue(&self, tenant: TenantId, offer: OfferId, generation: u8) -> LinkToken {
        self.token(LABEL, tenant, offer.uuid(), &[generation])
    }

    /// The secret part of a download's address.
    pub fn download(&self, tenant: TenantId, download: DownloadId) -> LinkToken {
        self.token(DOWNLOAD_LABEL, tenant, download.uuid(), &[])
    }

    /// Which download the secret part of an address opens, if it is ours.
    pub fn opens_download(&self, text: &str) -> Option<(TenantId, DownloadId)> {
        let bytes = decoded(text)?;
        let (tenant, download) = (TenantId(id_at(&bytes, 0)?), DownloadId(id_at(&bytes, 16)?));
        let ours = self.download(tenant, download);
        bool::from(ours.0.ct_eq(&bytes)).then_some((tenant, download))
    }

    fn token(&self, label: &[u8], tenant: TenantId, id: Uuid, more: &[u8]) -> LinkToken {
        let (tenant, id) = (tenant.uuid().into_bytes(), id.into_bytes());
        let parts: [&[u8]; 4] = [label, &tenant, &id, more];
        let mac = parts.iter().fold(self.0.clone(), Mac::chain_update).finalize().into_bytes();
        let mut bytes = [0; TOKEN_BYTES];
        for (byte, piece) in bytes.iter_mut().zip(tenant.iter().chain(&id).chain(&mac)) {
            *byte = *piece;
        }
        LinkToken(bytes)
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(hidden)")
    }
}

/// The secret itself, shown only in the mail that carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken([u8; TOKEN_BYTES]);

impl LinkToken {
    /// What is stored in its place.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// Reads what stood in an address. It says where to look, not that the link is ours: [`Parsed::opens`] does.
    pub fn parse(text: &str) -> Result<Parsed, Invalid> {
        let refuse = || Invalid::new("token", InvalidCode::Malformed, "the link is incomplete, open it from the mail");
        let bytes = decoded(text).ok_or_else(refuse)?;
        let id = |at: usize| id_at(&bytes, at).ok_or_else(refuse);
        Ok(Parsed { tenant: TenantId(id(0)?), offer: OfferId(id(16)?), hash: Self(bytes).hash() })
    }
}

fn decoded(text: &str) -> Option<[u8; TOKEN_BYTES]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn id_at(bytes: &[u8; TOKEN_BYTES], at: usize) -> Option<Uuid> {
    Uuid::from_slice(bytes.get(at..at + 16)?).ok()
}

impl fmt::Display for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(hidden)")
    }
}

/// A token as it came in: the row to look up, and what to compare with that row's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Whose offer it claims to be.
    pub tenant: TenantId,
    /// Which offer it claims to open.
    pub offer: OfferId,
    /// The hash of the whole token.
    pub hash: [u8; 32],
}

impl Parsed {
    /// Whether the offer's stored hash is this token's, in a time that does not tell how much of it is right.
    pub fn opens(&self, stored_hash: &[u8]) -> bool {
        self.hash.ct_eq(stored_hash).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> LinkKey {
        LinkKey::new(&[7; 32]).unwrap()
    }

    fn ids() -> (TenantId, OfferId) {
        (TenantId(Uuid::from_u128(0x1111)), OfferId(Uuid::from_u128(0x2222)))
    }

    // ACK-1
    #[test]
    fn a_link_names_its_offer_and_opens_only_what_keeps_its_hash() {
        let (tenant, offer) = ids();
        let token = key().issue(tenant, offer, 1);
        let parsed = LinkToken::parse(&token.to_string()).unwrap();
        assert_eq!((parsed.tenant, parsed.offer), (tenant, offer));
        assert_eq!(token.to_string().len(), 64);
        assert!(parsed.opens(&token.hash()));
        assert!(!parsed.opens(&key().issue(tenant, offer, 2).hash()));
        assert!(!parsed.opens(&key().issue(tenant, OfferId(Uuid::from_u128(0x2223)), 1).hash()));
        assert!(!parsed.opens(&LinkKey::new(&[8; 32]).unwrap().issue(tenant, offer, 1).hash()));
        assert!(!parsed.opens(&[]));
    }

    // ACK-1, SEND-2
    #[test]
    fn a_retried_mail_carries_the_same_link() {
        let (tenant, offer) = ids();
        assert_eq!(key().issue(tenant, offer, 1), key().issue(tenant, offer, 1));
        assert_eq!(
            key().issue(tenant, offer, 1).to_string(),
            "AAAAAAAAAAAAAAAAAAAREQAAAAAAAAAAAAAAAAAAIiIZojF5j-qFEoCcNmx8EPgD"
        );
    }

    // BULK-10
    #[test]
    fn a_downloads_address_opens_that_download_and_no_lead() {
        let (tenant, offer) = ids();
        let download = DownloadId(offer.uuid());
        let token = key().download(tenant, download);
        assert_eq!(key().opens_download(&token.to_string()), Some((tenant, download)));
        assert_eq!(LinkKey::new(&[8; 32]).unwrap().opens_download(&token.to_string()), None);
        assert_eq!(key().opens_download(&key().issue(tenant, offer, 0).to_string()), None);
        assert_eq!(key().opens_download("x"), None);
    }

    // ACK-1
    #[test]
    fn a_token_with_any_character_changed_opens_nothing() {
        let (tenant, offer) = ids();
        let token = key().issue(tenant, offer, 1);
        let text = token.to_string();
        for at in 0..text.len() {
            let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            let opened = LinkToken::parse(&changed).is_ok_and(|parsed| parsed.opens(&token.hash()));
            assert!(!opened, "{changed}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in
            ["", "abc", &"A".repeat(63), &"A".repeat(65), &"=".repeat(64), &"é".repeat(32), &"A".repeat(100_000)]
        {
            assert!(LinkToken::parse(text).is_err());
        }
    }

    #[test]
    fn a_short_secret_is_refused_and_no_secret_is_printed() {
        let error = LinkKey::new(b"short").unwrap_err();
        assert_eq!(error.message, "the link secret has 5 bytes, give at least 32 random ones");
        let (tenant, offer) = ids();
        assert_eq!(format!("{:?} {:?}", key(), key().issue(tenant, offer, 1)), "LinkKey(hidden) LinkToken(hidden)");
    }
}
