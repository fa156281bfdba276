//! The lottery: a number from 0 to 1 for a request and a candidate, the same at every look and in every version of Baton.
//!
//! SipHash-2-4 (Aumasson and Bernstein, 2012) with the key below over the root lead's id, one byte for the candidate's kind
//! (0 for a dealer, 1 for a user) and the candidate's id, each id as its 16 bytes. The upper 53 bits of the hash, divided by
//! 2⁵³, are the number. Changing any of it reshuffles every order that was ever drawn.

use siphasher::sip::SipHasher24;
use std::hash::Hasher as _;

use crate::domain::id::LeadId;
use crate::domain::lead::Recipient;

/// `baton lo` and `ttery 1.` read as little-endian integers.
const KEY: (u64, u64) = (0x6f6c_206e_6f74_6162, 0x2e31_2079_7265_7474);

/// At least 0, below 1.
pub fn lottery(root: LeadId, candidate: Recipient) -> f64 {
    const TWO_TO_53: f64 = 9_007_199_254_740_992.0;
    let (kind, id) = match candidate {
        Recipient::Dealer(id) => (0, id.uuid()),
        Recipient::User(id) => (1, id.uuid()),
    };
    let mut hasher = SipHasher24::new_with_keys(KEY.0, KEY.1);
    hasher.write(root.uuid().as_bytes());
    hasher.write_u8(kind);
    hasher.write(id.as_bytes());
    (hasher.finish() >> 11) as f64 / TWO_TO_53
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::{DealerId, UserId};

    // EXPR-3: were this number another one, orders that were stored would read differently today.
    #[test]
    fn a_drawn_number_never_changes() {
        let root = LeadId(Uuid::from_u128(1));
        let dealer = lottery(root, Recipient::Dealer(DealerId(Uuid::from_u128(2))));
        assert_eq!(dealer.to_bits(), lottery(root, Recipient::Dealer(DealerId(Uuid::from_u128(2)))).to_bits());
        assert_ne!(dealer.to_bits(), lottery(root, Recipient::User(UserId(Uuid::from_u128(2)))).to_bits());
        assert_eq!(format!("{dealer:.12}"), "0.788662601141");
    }

    // EXPR-3
    #[test]
    fn draws_are_spread_evenly() {
        let root = LeadId(Uuid::from_u128(99));
        let draw = |n| lottery(root, Recipient::Dealer(DealerId(Uuid::from_u128(n))));
        let mut tenths = [0_u32; 10];
        (0..10_000).map(draw).for_each(|number| tenths[(number * 10.0) as usize] += 1);
        assert!(tenths.iter().all(|count| (850..1_150).contains(count)), "{tenths:?}");
    }
}
