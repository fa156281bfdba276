//! The text of a document: decoded as it says it is encoded, without what stands around it, and with bare ampersands made whole.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::document::AdfError;

/// The XML declaration stands at the very beginning and is short.
const DECLARATION_BYTES: usize = 200;

/// The document as text. A byte-order mark goes before what the declaration says.
pub(super) fn decoded(bytes: &[u8]) -> Result<String, AdfError> {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None => declared(bytes)?,
    };
    let (text, _, has_errors) = encoding.decode(bytes);
    if !has_errors {
        return Ok(text.into_owned());
    }
    if encoding == UTF_8 {
        // Declared as UTF-8 or as nothing, but written by a Western Windows program: every byte means something there.
        return Ok(WINDOWS_1252.decode(bytes).0.into_owned());
    }
    Err(AdfError::whole(format!("the document is not in the encoding {} that it names", encoding.name())))
}

fn declared(bytes: &[u8]) -> Result<&'static Encoding, AdfError> {
    let head = String::from_utf8_lossy(bytes.get(..DECLARATION_BYTES.min(bytes.len())).unwrap_or_default());
    let declaration = head.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split("?>").next());
    let Some((_, value)) = declaration.and_then(|declaration| declaration.split_once("encoding")) else {
        return Ok(UTF_8);
    };
    let value = value.trim_start().trim_start_matches('=').trim_start();
    let label: String = value.chars().skip(1).take_while(|letter| !matches!(letter, '"' | '\'')).collect();
    match Encoding::for_label(label.as_bytes()) {
        // A declaration that could be read byte by byte is not in two bytes per character.
        Some(encoding) => Ok(encoding.output_encoding()),
        None => Err(AdfError::whole(format!("the encoding `{label}` is not known, send UTF-8"))),
    }
}

/// The document without what stands before and after it, such as the words of a mail; and how many lines were cut off in front.
pub(super) fn bare(text: &str) -> (&str, usize) {
    let lower = text.to_ascii_lowercase();
    // A declaration counts if nothing but white space, comments or the like stand before it; `<adf` always does.
    let Some(element) = lower.find("<adf") else { return (text, 0) };
    let before = lower.get(..element).unwrap_or_default();
    let start = ["<?xml", "<!doctype", "<?adf"].into_iter().filter_map(|begin| before.find(begin)).min();
    let start = start.unwrap_or(element);
    let end = lower.rfind("</adf").and_then(|close| Some(close + lower.get(close..)?.find('>')? + 1));
    let end = end.filter(|end| *end > start).unwrap_or(text.len());
    let lines = text.get(..start).unwrap_or_default().matches('\n').count();
    (text.get(start..end).unwrap_or(text), lines)
}

/// The text with every `&` that begins no reference which XML knows made `&amp;`, but for those inside CDATA, where it stands for itself.
pub(super) fn with_whole_ampersands(text: &str) -> Cow<'_, str> {
    const OPEN: &str = "<![CDATA[";
    const CLOSE: &str = "]]>";
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut made = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        let (before, from) = rest.split_at(at);
        made.push_str(before);
        let taken = if from.starts_with(OPEN) {
            let end = from.find(CLOSE).map_or(from.len(), |end| end + CLOSE.len());
            made.push_str(from.get(..end).unwrap_or(from));
            end
        } else if from.starts_with('&') && !begins_reference(from) {
            made.push_str("&amp;");
            1
        } else {
            made.push_str(from.get(..1).unwrap_or_default());
            1
        };
        rest = from.get(taken..).unwrap_or_default();
    }
    made.push_str(rest);
    Cow::Owned(made)
}

/// `&amp;` and its four siblings, `&#10;`, `&#xA0;`.
fn begins_reference(text: &str) -> bool {
    /// `&#x10FFFF;` is the longest.
    const NAME_BYTES_MAX: usize = 8;
    // No further than a reference can reach: a text of ampersands would be gone through again for each of them.
    let near = text.as_bytes().iter().skip(1).take(NAME_BYTES_MAX + 1);
    let Some(length) = near.clone().position(|byte| *byte == b';') else { return false };
    let Some(name) = text.get(1..=length) else { return false };
    match name.strip_prefix('#') {
        Some(code) => {
            let number = match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => code.parse(),
            };
            number
                .ok()
                .and_then(char::from_u32)
                .is_some_and(|letter| letter >= ' ' || matches!(letter, '\t' | '\n' | '\r'))
        }
        None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEND-5
    #[test]
    fn a_document_is_read_in_the_encoding_that_it_names_or_shows() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><adf>caf\xe9</adf>";
        assert!(decoded(latin).unwrap().contains("caf\u{e9}"));
        assert!(decoded(b"<adf>caf\xe9 \x80</adf>").unwrap().contains("caf\u{e9} \u{20ac}"), "Windows, undeclared");
        assert!(decoded("\u{feff}<adf>é</adf>".as_bytes()).unwrap().starts_with("<adf>"));
        let wide: Vec<u8> = "\u{feff}<adf>é</adf>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&wide).unwrap(), "<adf>é</adf>");
        let unknown = decoded(b"<?xml version=\"1.0\" encoding=\"klingon\"?><adf/>").unwrap_err();
        assert_eq!(unknown.message, "the encoding `klingon` is not known, send UTF-8");
    }

    // SEND-5
    #[test]
    fn what_stands_around_a_document_is_cut_off() {
        assert_eq!(
            bare("Hello,\nnew lead:\n<?xml version=\"1.0\"?>\n<ADF></ADF>\nBye"),
            ("<?xml version=\"1.0\"?>\n<ADF></ADF>", 2)
        );
        assert_eq!(bare("<adf/>"), ("<adf/>", 0));
        assert_eq!(bare("no document"), ("no document", 0));
    }

    // SEND-5
    #[test]
    fn ampersands_that_begin_no_reference_are_made_whole() {
        for (given, whole) in [
            ("<a>AT&T</a>", "<a>AT&amp;T</a>"),
            ("<a>a &amp; b &#38; c &#xe9; &lt;</a>", "<a>a &amp; b &#38; c &#xe9; &lt;</a>"),
            ("<a>&nbsp;&bomb;&</a>", "<a>&amp;nbsp;&amp;bomb;&amp;</a>"),
            ("<a><![CDATA[Yes & no]]> & <![CDATA[&", "<a><![CDATA[Yes & no]]> &amp; <![CDATA[&"),
            ("<a>&#0;&#xD800;&#99999999;</a>", "<a>&amp;#0;&amp;#xD800;&amp;#99999999;</a>"),
            ("é&é", "é&amp;é"),
        ] {
            assert_eq!(with_whole_ampersands(given), whole);
        }
    }
}
