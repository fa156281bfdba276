//! Leads as ADF 1.0 documents (Auto-lead Data Format, <https://adfxml.info/adf_spec.pdf>), bare or in a mail: read, and taken in like
//! any other lead.
//!
//! What is found in the wild departs from the specification in many ways: names in capitals, elements out of order, dates without a
//! zone, bare ampersands, text around the document. All of that is read. What is never read is a document type declaration: it is the
//! way in of external entities and of entities that grow.

mod document;
mod mail;
mod prospect;
mod take_in;
#[cfg(test)]
mod tests;
mod text;

pub use document::{AdfError, BYTES_MAX, Place};
pub use prospect::{Moment, Prospect, Told};
pub use take_in::{Outcome, Sender, TakenIn, take_in};

/// The prospects of a document, or of the mail that carries one.
pub fn read(bytes: &[u8]) -> Result<Vec<Prospect>, AdfError> {
    if bytes.len() > BYTES_MAX {
        return Err(AdfError::too_large(bytes.len()));
    }
    if mail::is_mail(bytes) {
        return prospect::read_all(&mail::document_of(bytes)?);
    }
    prospect::read_all(&text::decoded(bytes)?)
}
