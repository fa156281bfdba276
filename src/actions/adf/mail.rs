//! The mail that carries an ADF document, in its text or attached.

use mail_parser::{MessageParser, MimeHeaders, PartType};

use super::document::AdfError;
use super::text::decoded;

/// Whether this is a mail rather than a document: it begins with a header line.
pub(super) fn is_mail(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    let (name, _) = line.split_at(colon);
    // RFC 5322, section 2.2: printable characters but the colon.
    !name.is_empty() && name.iter().all(|byte| (33..=126).contains(byte) && *byte != b'<')
}

/// The text of the part that is an ADF document: the first that says so by its type or that holds one.
pub(super) fn document_of(bytes: &[u8]) -> Result<String, AdfError> {
    let none = || AdfError::whole("the mail holds no ADF document: send it as text or attached as XML");
    let message = MessageParser::default().parse(bytes).ok_or_else(none)?;
    for part in &message.parts {
        let text = match &part.body {
            PartType::Text(text) | PartType::Html(text) => text.to_string(),
            PartType::Binary(content) | PartType::InlineBinary(content) => {
                let is_xml = part.content_type().is_some_and(|kind| {
                    kind.subtype().is_some_and(|subtype| subtype.to_ascii_lowercase().ends_with("xml"))
                });
                let named = part
                    .attachment_name()
                    .is_some_and(|name| [".xml", ".adf"].iter().any(|end| name.to_ascii_lowercase().ends_with(end)));
                if !is_xml && !named {
                    continue;
                }
                decoded(content)?
            }
            PartType::Message(_) | PartType::Multipart(_) => continue,
        };
        if text.to_ascii_lowercase().contains("<adf") {
            return Ok(text);
        }
    }
    Err(none())
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEND-5
    #[test]
    fn a_mail_is_told_from_a_document() {
        for mail in ["From: a@b\n\nx", "\r\nReceived: by x\r\n", "X-Odd_Header:1\n"] {
            assert!(is_mail(mail.as_bytes()), "{mail}");
        }
        for document in ["<?xml version='1.0'?>\n<adf/>", "<adf:adf/>", "", "\n", "Hello you: <adf/>"] {
            assert!(!is_mail(document.as_bytes()), "{document}");
        }
    }

    // SEND-5
    #[test]
    fn the_document_is_found_among_the_parts_of_a_mail() {
        let attached = "From: a@b\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\
            Content-Type: text/plain\n\nSee attached.\n--x\nContent-Type: application/octet-stream; name=lead.xml\n\
            Content-Transfer-Encoding: base64\n\nPGFkZj48L2FkZj4=\n--x--\n";
        assert_eq!(document_of(attached.as_bytes()).unwrap(), "<adf></adf>");
        let without = document_of(b"From: a@b\n\nHello").unwrap_err();
        assert_eq!(without.message, "the mail holds no ADF document: send it as text or attached as XML");
    }
}
