//! The customer's contact data, for the one page that may show it: the acknowledged lead's.
//!
//! No other page takes these types.

use std::fmt::Write;

/// One telephone number.
#[derive(Clone, Debug)]
pub struct Phone<'a> {
    /// What kind: `Mobile`, `Home`.
    pub label: &'a str,
    /// As the customer wrote it.
    pub number: &'a str,
}

impl Phone<'_> {
    /// The address that makes a phone dial (RFC 3966): digits and a leading `+`; an extension follows as `;ext=`.
    pub fn uri(&self) -> String {
        let (number, extension) = self.number.split_once(['x', 'X', '#']).unwrap_or((self.number, ""));
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let plus = if number.trim_start().starts_with('+') { "+" } else { "" };
        let (number, extension) = (digits(number), digits(extension));
        if extension.is_empty() { format!("tel:{plus}{number}") } else { format!("tel:{plus}{number};ext={extension}") }
    }
}

/// Who asked, and how to reach them.
#[derive(Clone, Debug)]
pub struct CustomerContact<'a> {
    /// First and last name.
    pub name: &'a str,
    /// Telephone numbers.
    pub phones: Vec<Phone<'a>>,
    /// Email address.
    pub email: Option<&'a str>,
    /// Street, town, postal code, one line each.
    pub address: Vec<&'a str>,
    /// How they like to be reached: `Phone, in the evening`.
    pub preference: Option<&'a str>,
    /// The customer's own words.
    pub comment: Option<&'a str>,
}

impl CustomerContact<'_> {
    /// The address that starts a mail (RFC 6068). Everything but plain address characters is escaped, so that no `?` or `&` in
    /// a customer's address fills in a subject or another recipient.
    pub fn mail_uri(&self) -> Option<String> {
        self.email.map(|email| {
            email.bytes().fold("mailto:".to_owned(), |mut uri, byte| {
                if byte.is_ascii_alphanumeric() || b"@.-_+~".contains(&byte) {
                    uri.push(char::from(byte));
                } else {
                    // Writing to a string can't fail.
                    let _ = write!(uri, "%{byte:02X}");
                }
                uri
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_as_it_was_meant() {
        for (number, uri) in [
            ("(617) 555-0100", "tel:6175550100"),
            ("+1 617.555.0100", "tel:+16175550100"),
            ("617-555-0100 x12", "tel:6175550100;ext=12"),
            ("617-555-0100 ext. 12", "tel:6175550100;ext=12"),
            ("\"><script>", "tel:"),
        ] {
            assert_eq!(Phone { label: "Mobile", number }.uri(), uri);
        }
    }

    #[test]
    fn a_mail_address_cannot_add_to_the_mail() {
        let contact = |email| CustomerContact {
            name: "",
            phones: Vec::new(),
            email: Some(email),
            address: Vec::new(),
            preference: None,
            comment: None,
        };
        assert_eq!(contact("a.b+c@example.org").mail_uri().unwrap(), "mailto:a.b+c@example.org");
        assert_eq!(contact("a?bcc=x&y@e.org").mail_uri().unwrap(), "mailto:a%3Fbcc%3Dx%26y@e.org");
    }
}
