//! Where something is: a point on the sphere, a country, a postal code.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::{Invalid, InvalidCode};

/// The international mile of 1959, exact by definition.
pub const KM_PER_MILE: f64 = 1.609_344;

/// International miles to kilometres.
pub const fn miles_to_km(miles: f64) -> f64 {
    miles * KM_PER_MILE
}

/// Kilometres to international miles.
pub const fn km_to_miles(km: f64) -> f64 {
    km / KM_PER_MILE
}

/// A point in degrees, WGS 84: latitude −90 to 90, longitude −180 to 180, both finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPoint")]
pub struct Point {
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
struct RawPoint {
    lat: f64,
    lon: f64,
}

impl TryFrom<RawPoint> for Point {
    type Error = Invalid;
    fn try_from(raw: RawPoint) -> Result<Self, Invalid> {
        Self::new(raw.lat, raw.lon)
    }
}

impl Point {
    /// Refuses values that are not finite or outside the globe.
    pub fn new(lat: f64, lon: f64) -> Result<Self, Invalid> {
        let outside = |name, value: f64, max| {
            Invalid::new(
                name,
                InvalidCode::OutOfRange,
                format!("{name} `{value}` is not between -{max} and {max} degrees"),
            )
        };
        if !(-90.0..=90.0).contains(&lat) {
            return Err(outside("lat", lat, 90));
        }
        if !(-180.0..=180.0).contains(&lon) {
            return Err(outside("lon", lon, 180));
        }
        Ok(Self { lat, lon })
    }

    /// Degrees north.
    pub const fn lat(self) -> f64 {
        self.lat
    }

    /// Degrees east.
    pub const fn lon(self) -> f64 {
        self.lon
    }
}

/// An ISO 3166-1 alpha-2 country code in upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// The United States.
    pub const US: Self = Self(*b"US");
    /// Canada.
    pub const CA: Self = Self(*b"CA");

    /// Two letters of either case, blanks around them ignored.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(Invalid::new(
                "country",
                InvalidCode::Malformed,
                format!("`{text}` is not a country code, give two letters such as `US`"),
            )),
        }
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl TryFrom<String> for CountryCode {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<CountryCode> for String {
    fn from(code: CountryCode) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A postal code as its country's table is keyed: upper case, no blanks, ZIP+4 cut to five digits with lost leading zeros
/// restored, a full Canadian code cut to its forward sortation area.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PostalCode(String);

impl PostalCode {
    /// Normalises what people type; refuses what can't be a code of that country.
    ///
    /// US: `2138` → `02138`, `02138-1234` → `02138`. Canada: `k1a 0b1` → `K1A`. Elsewhere: upper case without blanks.
    pub fn parse(country: CountryCode, text: &str) -> Result<Self, Invalid> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
        let code = match country {
            CountryCode::US => us_zip(&compact),
            CountryCode::CA => canadian_fsa(&compact),
            _ => elsewhere(&compact),
        };
        code.map(Self).ok_or_else(|| {
            let example = match country {
                CountryCode::US => "`02138` or `02138-1234`",
                CountryCode::CA => "`K1A 0B1` or `K1A`",
                _ => "1 to 10 letters and digits",
            };
            let shown: String = text.chars().take(20).collect();
            Invalid::new(
                "postalCode",
                InvalidCode::Malformed,
                format!("`{shown}` is not a postal code of {country}, give {example}"),
            )
        })
    }

    /// The normalised code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PostalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn us_zip(text: &str) -> Option<String> {
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (zip, plus_four) = match text.split_once('-') {
        Some((zip, plus_four)) => (zip, plus_four),
        // Nine digits in one run are a ZIP+4 whose hyphen got lost.
        None if text.len() == 9 && all_digits(text) => text.split_at(5),
        None => (text, ""),
    };
    let sound =
        (3..=5).contains(&zip.len()) && all_digits(zip) && all_digits(plus_four) && matches!(plus_four.len(), 0 | 4);
    sound.then(|| format!("{zip:0>5}"))
}

fn canadian_fsa(text: &str) -> Option<String> {
    let letters = text.replace('-', "");
    let shape = |index: usize, byte: u8| {
        if index.is_multiple_of(2) { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() }
    };
    let sound = matches!(letters.len(), 3 | 6) && letters.bytes().enumerate().all(|(index, byte)| shape(index, byte));
    sound.then(|| letters.get(..3).unwrap_or_default().to_owned())
}

fn elsewhere(text: &str) -> Option<String> {
    let sound = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    sound.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postal_codes_are_normalised_as_people_type_them() {
        for (country, typed, code) in [
            (CountryCode::US, "02138", "02138"),
            (CountryCode::US, " 02138-1234 ", "02138"),
            (CountryCode::US, "021381234", "02138"),
            (CountryCode::US, "2138", "02138"),
            (CountryCode::US, "501", "00501"),
            (CountryCode::CA, "k1a 0b1", "K1A"),
            (CountryCode::CA, "K1A-0B1", "K1A"),
            (CountryCode::CA, "k1a", "K1A"),
        ] {
            assert_eq!(PostalCode::parse(country, typed).map(|found| found.0).as_deref(), Ok(code), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_a_postal_code_is_refused_with_an_example() {
        for (country, typed) in [
            (CountryCode::US, ""),
            (CountryCode::US, "12"),
            (CountryCode::US, "123456"),
            (CountryCode::US, "02138-12"),
            (CountryCode::US, "K1A"),
            (CountryCode::CA, "K1A0B"),
            (CountryCode::CA, "11A"),
        ] {
            let error = PostalCode::parse(country, typed).unwrap_err();
            assert!(error.message.contains("is not a postal code"), "{typed}: {error}");
        }
    }
}
