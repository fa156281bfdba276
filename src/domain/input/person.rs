//! Addresses of people: mail and mobile, in the one form in which they are stored and used.

use email_address::{EmailAddress, Options};

use crate::domain::{CountryCode, Invalid, InvalidCode};

/// RFC 5321 allows 254 characters in a path.
const EMAIL_LENGTH_MAX: usize = 254;
/// Digits of an international number without its plus (ITU-T E.164), and of the shortest ones in use.
const MOBILE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Digits of a number in the North American plan, written without the country's `1`.
const NORTH_AMERICAN_DIGITS: usize = 10;

/// A mail address, its domain in lower case.
pub fn email(field: &str, text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    let shown: String = text.chars().take(80).collect();
    let refused = || {
        let message = format!("`{shown}` is not a mail address, write it like `name@example.com`");
        Invalid::new(field, InvalidCode::Malformed, message)
    };
    let plain = Options::default().without_display_text().without_domain_literal().with_required_tld();
    let address = EmailAddress::parse_with_options(text, plain).map_err(|_| refused())?;
    if text.len() > EMAIL_LENGTH_MAX || text.contains(['\r', '\n', '\0']) {
        return Err(refused());
    }
    Ok(format!("{}@{}", address.local_part(), address.domain().to_lowercase()))
}

/// A mobile number in E.164. Blanks, dots, hyphens and brackets are ignored; without a `+`, only the ten digits of the United States
/// and Canada can be completed.
pub fn mobile(field: &str, text: &str, country: CountryCode) -> Result<String, Invalid> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace() && !"()-./".contains(*c)).collect();
    let refused = || {
        let shown: String = text.chars().take(40).collect();
        let message = format!("`{shown}` is not a mobile number, write it like `+14155550123`");
        Invalid::new(field, InvalidCode::Malformed, message)
    };
    let digits = compact.strip_prefix('+').unwrap_or(&compact);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    let north_american = matches!(country, CountryCode::US | CountryCode::CA);
    match (compact.starts_with('+'), digits.len()) {
        (true, length) if MOBILE_DIGITS.contains(&length) && !digits.starts_with('0') => Ok(compact),
        (false, NORTH_AMERICAN_DIGITS) if north_american => Ok(format!("+1{digits}")),
        (false, length) if north_american && length == NORTH_AMERICAN_DIGITS + 1 && digits.starts_with('1') => {
            Ok(format!("+{digits}"))
        }
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_address_is_kept_with_its_domain_in_lower_case() {
        assert_eq!(email("email", " Ann.Lee@Example.COM ").unwrap(), "Ann.Lee@example.com");
        for wrong in ["", "ann", "ann@", "@example.com", "ann@example", "Ann <ann@example.com>", "a b@example.com"] {
            assert_eq!(email("email", wrong).unwrap_err().code, InvalidCode::Malformed, "{wrong}");
        }
    }

    #[test]
    fn a_mobile_number_becomes_international() {
        let nz = CountryCode::parse("NZ").unwrap();
        for (country, typed, stored) in [
            (CountryCode::US, "(415) 555-0123", "+14155550123"),
            (CountryCode::CA, "1 613.555.0123", "+16135550123"),
            (CountryCode::US, "+64 21 555 0123", "+64215550123"),
            (nz, "+64215550123", "+64215550123"),
        ] {
            assert_eq!(mobile("mobile", typed, country).as_deref(), Ok(stored), "{typed}");
        }
        for (country, typed) in [
            (nz, "021 555 0123"),
            (CountryCode::US, "555-0123"),
            (CountryCode::US, "+1415"),
            (CountryCode::US, "+0123456789"),
            (CountryCode::US, "call me"),
        ] {
            assert_eq!(mobile("mobile", typed, country).unwrap_err().code, InvalidCode::Malformed, "{typed}");
        }
    }
}
