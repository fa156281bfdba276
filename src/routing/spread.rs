//! `EVEN_SPLIT`: a set of leads over chosen recipients, dealt like cards (SPEC ALGO-6).

/// Which of the recipients gets the lead at `position` of the set, counted from 0; `None` without recipients.
///
/// A whole set in order gives sizes that differ by at most one, the first recipients having the larger ones; the same set in the same order
/// is split the same way. It needs no more than the position, so a set of any size can be dealt a piece at a time, by several workers.
pub fn even_split(position: u64, recipients: usize) -> Option<usize> {
    // A remainder is below the number of recipients.
    position.checked_rem(recipients as u64).map(|place| place as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // ALGO-6
        #[test]
        fn sizes_differ_by_at_most_one_and_everybody_is_somebodys(leads in 0_u64..2_000, recipients in 1_usize..50) {
            let mut sizes = vec![0_u64; recipients];
            (0..leads).for_each(|position| sizes[even_split(position, recipients).unwrap()] += 1);
            prop_assert_eq!(sizes.iter().sum::<u64>(), leads);
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            prop_assert!(sizes.is_sorted_by(|one, next| one >= next));
        }
    }

    #[test]
    fn without_recipients_there_is_nobody() {
        assert_eq!(even_split(3, 0), None);
    }
}
