//! What all pages share: the style sheet, and the headers that belong to every answer with a page.
//!
//! The policy allows this style sheet and posting a form to ourselves, nothing more: what a customer or dealer wrote can
//! neither run nor load anything, even if escaping failed.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The style sheet, as it stands in every page.
pub const STYLE: &str = include_str!("../../../templates/pages/style.css");

/// Sent with every page beside its policy. The address holds the token, so it must not leak by `Referer` or a cache.
pub const HEADERS: [(&str, &str); 5] = [
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Robots-Tag", "noindex, nofollow"),
];

/// The policy of the page that shows a mail of the demo's mailbox: a mail's own styles stand in its tags, and it is shown
/// in a frame without scripts.
pub const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// The `Content-Security-Policy` of every other page.
pub fn content_security_policy() -> &'static str {
    &POLICY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_style_sheet_by_its_hash_and_allows_no_script() {
        let policy = content_security_policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("script") && !policy.contains("unsafe"));
        for remote in ["url(", "@import", "</style"] {
            assert!(!STYLE.contains(remote), "{remote}");
        }
    }

    /// The colours of one scheme: the part of the style sheet between two marks, `--name: #rrggbb;`.
    fn colours(scheme: &str) -> std::collections::HashMap<&str, [f64; 3]> {
        scheme
            .split(['{', ';'])
            .filter_map(|declaration| declaration.trim().strip_prefix("--")?.split_once(": #"))
            .map(|(name, hex)| {
                let channel = |at: usize| {
                    let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
                    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
                };
                (name, [channel(0), channel(2), channel(4)])
            })
            .collect()
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let luminance = |[r, g, b]: [f64; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    // ACK-2: text needs 4.5 (WCAG 1.4.3), the edge of a field 3 (1.4.11).
    #[test]
    fn every_text_can_be_read_on_its_ground_by_day_and_by_night() {
        let (day, rest) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
        let (night, _) = rest.split_once("* {").unwrap();
        for scheme in [day, night] {
            let colours = colours(scheme);
            for (text, ground, least) in [
                ("ink", "page", 4.5),
                ("ink", "card", 4.5),
                ("ink", "tint", 4.5),
                ("soft", "page", 4.5),
                ("soft", "card", 4.5),
                ("soft", "tint", 4.5),
                ("act", "card", 4.5),
                ("act", "page", 4.5),
                ("act", "tint", 4.5),
                ("act-ink", "act", 4.5),
                ("act-ink", "act-press", 4.5),
                ("wait-ink", "wait", 4.5),
                ("good-ink", "good", 4.5),
                ("bad-ink", "bad", 4.5),
                ("past-ink", "past", 4.5),
                ("field", "card", 3.0),
            ] {
                let found = contrast(colours[text], colours[ground]);
                assert!(found >= least, "{text} on {ground}: {found:.2}");
            }
        }
    }
}
