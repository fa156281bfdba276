//! Language tags as BCP 47 has them (RFC 5646): held to its grammar, and written in its canonical case (§2.1.1).
//!
//! Whether a part is registered is not looked up: the registry grows, and a partner's tag is no reason to lose a lead.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::{Invalid, InvalidCode};

/// What RFC 5646 §4.4.1 advises to make room for.
const LENGTH_MAX: usize = 35;

/// A tag such as `en` or `es-MX`, in canonical case.
pub fn language(field: &str, given: &str) -> Result<String, Invalid> {
    let given = given.trim();
    let parts: Vec<&str> = given.split('-').collect();
    if given.len() <= LENGTH_MAX && is_well_formed(&parts) {
        return Ok(canonical(&parts));
    }
    let shown: String = given.chars().take(LENGTH_MAX + 5).collect();
    let message = format!("`{shown}` is not a language tag, write it like `en` or `es-MX`");
    Err(Invalid::new(field, InvalidCode::Malformed, message))
}

/// Like [`language`], but a missing or blank one is `None`.
pub fn optional_language(field: &str, given: Option<&str>) -> Result<Option<String>, Invalid> {
    given.map(str::trim).filter(|given| !given.is_empty()).map(|given| language(field, given)).transpose()
}

/// `language [-script] [-region] *(-variant) *(-extension) [-private]`, or a private tag alone.
fn is_well_formed(parts: &[&str]) -> bool {
    let mut rest = parts.iter().copied().peekable();
    let Some(first) = rest.next_if(|part| !is_private(part)) else { return is_private_use(rest) };
    if !is_letters(first, 2..=8) {
        return false;
    }
    if first.len() <= 3 {
        // Up to three extended languages, as in `zh-yue`.
        let _extended = (0..3).map_while(|_| rest.next_if(|part| is_letters(part, 3..=3))).count();
    }
    let _script = rest.next_if(|part| is_letters(part, 4..=4));
    let _region = rest.next_if(|part| is_letters(part, 2..=2) || (part.len() == 3 && is_digits(part)));
    let mut seen = HashSet::new();
    while let Some(variant) = rest.next_if(|part| is_variant(part)) {
        if !seen.insert(variant.to_ascii_lowercase()) {
            return false;
        }
    }
    while let Some(singleton) = rest.next_if(|part| is_plain(part, 1..=1) && !is_private(part)) {
        let is_first = seen.insert(singleton.to_ascii_lowercase());
        let is_extended = rest.next_if(|part| is_plain(part, 2..=8)).is_some();
        if !is_first || !is_extended {
            return false;
        }
        while rest.next_if(|part| is_plain(part, 2..=8)).is_some() {}
    }
    rest.peek().is_none() || is_private_use(rest)
}

/// `x-…`
fn is_private_use<'a>(mut rest: impl Iterator<Item = &'a str>) -> bool {
    let begins = rest.next().is_some_and(is_private);
    let parts: Vec<&str> = rest.collect();
    begins && !parts.is_empty() && parts.into_iter().all(|part| is_plain(part, 1..=8))
}

/// Lower case, but for a region of two letters in upper case and a script of four in title case; neither follows a single letter.
fn canonical(parts: &[&str]) -> String {
    let mut follows_singleton = false;
    let one = |(index, part): (usize, &&str)| {
        let lower = part.to_ascii_lowercase();
        let is_plain = index == 0 || follows_singleton;
        follows_singleton |= part.len() == 1;
        match (is_plain, part.len()) {
            (false, 2) => lower.to_ascii_uppercase(),
            (false, 4) => {
                let mut letters = lower.chars();
                letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
            }
            _ => lower,
        }
    };
    parts.iter().enumerate().map(one).collect::<Vec<_>>().join("-")
}

fn is_private(part: &str) -> bool {
    part.eq_ignore_ascii_case("x")
}

fn is_variant(part: &str) -> bool {
    is_plain(part, 5..=8)
        || (part.len() == 4 && part.starts_with(|c: char| c.is_ascii_digit()) && is_plain(part, 4..=4))
}

fn is_letters(part: &str, length: RangeInclusive<usize>) -> bool {
    length.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_digits(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_plain(part: &str, length: RangeInclusive<usize>) -> bool {
    length.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    // BULK-4: RFC 5646, appendix A.
    #[test]
    fn a_tag_is_written_in_its_canonical_case() {
        for (given, expected) in [
            ("EN", "en"),
            (" es-mx ", "es-MX"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("zh-CMN-HANS-cn", "zh-cmn-Hans-CN"),
            ("es-419", "es-419"),
            ("SL-ROZAJ-Biske-1994", "sl-rozaj-biske-1994"),
            ("de-ch-1901", "de-CH-1901"),
            ("en-US-U-ISLAMCAL", "en-US-u-islamcal"),
            ("en-ca-X-CA", "en-CA-x-ca"),
            ("az-Arab-x-AZE-derbend", "az-Arab-x-aze-derbend"),
            ("X-Whatever", "x-whatever"),
            ("und", "und"),
        ] {
            assert_eq!(language("language", given), Ok(expected.to_owned()), "{given}");
        }
    }

    // BULK-4
    #[test]
    fn what_is_no_tag_is_refused_with_what_to_write() {
        for given in [
            "e",
            "en_US",
            "en-",
            "-en",
            "en--US",
            "en US",
            "de-419-DE",
            "a-DE",
            "ar-a-aaa-b-bbb-a-ccc",
            "de-1901-1901",
            "en-a",
            "en-x",
            "x",
            "12",
            "é",
            "en-US-u-aaaaaaaa-bbbbbbbb-cccccccc-dd",
        ] {
            let refused = language("language", given).expect_err(given);
            assert_eq!((refused.path, refused.code), (vec!["language".to_owned()], InvalidCode::Malformed));
            assert!(refused.message.ends_with("write it like `en` or `es-MX`"), "{}", refused.message);
        }
        assert_eq!(optional_language("language", Some("  ")), Ok(None));
        assert_eq!(optional_language("language", None), Ok(None));
    }
}
