//! Repeatable chance for generated tests: one seed, one run.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Chance from a seed.
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n)
    }

    /// Once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Nothing in one of four.
    pub fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (!self.once_in(4)).then(|| value(self))
    }

    pub fn bits(&mut self) -> u64 {
        self.0.random()
    }

    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        self.0.random_range(from..=to)
    }

    /// Small numbers, and those at the ends of every range.
    pub fn int(&mut self) -> i64 {
        const EDGES: [i64; 14] = [
            i64::MIN,
            i64::MIN + 1,
            i64::MAX,
            i64::MAX - 1,
            1 << 53,
            (1 << 53) + 1,
            -(1 << 53) - 1,
            3_037_000_500,
            -3_037_000_500,
            4_611_686_018_427_387_904,
            253_402_300_799,
            -62_135_596_801,
            1_795_262_400,
            0,
        ];
        match self.below(4) {
            0 => self.pick(&EDGES),
            1 => self.bits() as i64 >> self.below(64),
            _ => self.between(-4, 6),
        }
    }

    /// Small numbers, and those at which results overflow, vanish or lose digits.
    pub fn double(&mut self) -> f64 {
        const EDGES: [f64; 20] = [
            0.0,
            -0.0,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            5e-324,
            -5e-324,
            8.988_465_674_311_58e307,
            4.49e307,
            1.340_780_792_994_259_7e154,
            1.5e-162,
            2.2e-162,
            1e-200,
            1e200,
            9_223_372_036_854_775_808.0,
            -9_223_372_036_854_775_808.0,
            9_007_199_254_740_993.0,
            9_223_372_036_854_774_784.0,
            0.1,
            1e-300,
        ];
        let number = match self.below(5) {
            0 => self.pick(&EDGES),
            1 => f64::from_bits(self.bits()),
            2 => 2.0_f64.powi(self.between(-1074, 1023) as i32),
            _ => self.between(-40, 60) as f64 / 8.0,
        };
        if number.is_finite() { number } else { 1.5 }
    }

    /// Words with everything that one of three might take for something else.
    pub fn text(&mut self) -> String {
        const WORDS: [&str; 20] = [
            "Web",
            "web",
            "W",
            "é",
            "É",
            "\u{ff5e}",
            "😀",
            "a%b_c",
            "it's",
            "back\\slash",
            "100%",
            "Zürich",
            "ß",
            "x_y",
            "\"q\"",
            "Gold",
            "Sales",
            "?",
            "$1",
            "e\u{301}",
        ];
        let mut text = String::from(self.pick(&WORDS));
        if self.once_in(3) {
            text.push_str(self.pick(&WORDS[..]));
        }
        text
    }

    /// Within the years 1 to 9999, often at an edge of a year, a day, a zone's summer.
    pub fn moment(&mut self) -> i64 {
        const EDGES: [i64; 12] = [
            -62_135_596_800_000_000,
            253_402_300_799_999_999,
            0,
            -1,
            1,
            951_782_399_999_999,
            951_868_800_000_000,
            4_107_542_400_000_000,
            1_772_953_200_000_000,
            1_793_512_800_000_000,
            -5_364_662_400_000_000,
            1_795_262_400_000_000,
        ];
        match self.below(4) {
            0 => self.pick(&EDGES),
            1 => self.between(-62_135_596_800_000_000, 253_402_300_799_999_999),
            2 => self.between(-2_000_000_000_000_000, 4_000_000_000_000_000),
            _ => 1_795_262_400_000_000 + self.between(-400, 400) * 3_600_000_000,
        }
    }

    /// Within the range of durations.
    pub fn span(&mut self) -> i64 {
        match self.below(4) {
            0 => self.pick(&[0, 1, -1, 9_223_372_036_854_775, -9_223_372_036_854_775, 1_500_000]),
            1 => self.between(-9_223_372_036_854_775, 9_223_372_036_854_775),
            _ => self.between(-300, 300) * 3_600_000_000,
        }
    }
}
