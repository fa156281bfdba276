//! An ADF document as a tree, within bounds, and the places of its elements.

use roxmltree::{Document, Error, Node, ParsingOptions, TextPos};

use super::text::{bare, with_whole_ampersands};

/// A lead has some 5 KB; a night's batch of a few hundred still fits.
pub const BYTES_MAX: usize = 1024 * 1024;
/// Elements, texts and attributes' owners; a prospect with everything in it has a few hundred.
const NODES_MAX: u32 = 100_000;
/// The deepest element of the specification lies on level 6.
const DEPTH_MAX: usize = 32;

/// Why a document is not read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", .place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct AdfError {
    /// Where; none for the document as a whole.
    pub place: Option<Place>,
    /// What is wrong and what to do.
    pub message: String,
}

/// A place in a document. Line and column count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// The path of the element, `adf/prospect/customer`; empty where it is not known.
    pub element: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if self.element.is_empty() { Ok(()) } else { write!(f, ", {}", self.element) }
    }
}

impl AdfError {
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into() }
    }

    pub(super) fn too_large(bytes: usize) -> Self {
        Self::whole(format!(
            "the document has {bytes} bytes, at most {BYTES_MAX} are allowed: send fewer leads at once"
        ))
    }

    fn at(position: TextPos, lines_before: usize, message: impl Into<String>) -> Self {
        let line = position.row.saturating_add(u32::try_from(lines_before).unwrap_or(u32::MAX));
        Self { place: Some(Place { line, column: position.col, element: String::new() }), message: message.into() }
    }
}

/// A document that was read, and how many lines stand before it in what was sent.
pub(super) struct Read<'d, 'i> {
    document: &'d Document<'i>,
    ruler: Ruler,
    lines_before: usize,
}

/// Reads a text and looks at the tree: it lives no longer than that.
pub(super) fn with_document<T>(
    text: &str,
    look: impl FnOnce(&Read<'_, '_>) -> Result<T, AdfError>,
) -> Result<T, AdfError> {
    let (text, lines_before) = bare(text);
    if let Some(at) = deepest(text).filter(|(depth, _)| *depth > DEPTH_MAX).map(|(_, at)| at) {
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        let message = format!("elements stand more than {DEPTH_MAX} levels deep in each other, which no lead needs");
        let place = TextPos::new(u32::try_from(line).unwrap_or(u32::MAX), 1);
        return Err(AdfError::at(place, lines_before, message));
    }
    let whole = with_whole_ampersands(text);
    // Without DTDs there are no entities but the five of XML itself: nothing is fetched and nothing grows.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(&whole, options)
        .map_err(|error| AdfError::at(error.pos(), lines_before, worded(&error)))?;
    look(&Read { document: &document, ruler: Ruler::new(&whole), lines_before })
}

/// How deep elements stand in each other at most, and where that is first so; gone through once, whatever it is. What is not well formed
/// is left to the parser.
fn deepest(text: &str) -> Option<(usize, usize)> {
    let (mut depth, mut deepest) = (0_usize, None::<(usize, usize)>);
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('<')) {
        let start = at + found;
        let rest = text.get(start..).unwrap_or_default();
        let Some(length) = markup_length(rest) else { break };
        let markup = rest.get(..length).unwrap_or_default();
        at = start + length;
        if markup.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else if !markup.starts_with("<!") && !markup.starts_with("<?") {
            let inside = depth + 1;
            if deepest.is_none_or(|(known, _)| inside > known) {
                deepest = Some((inside, start));
            }
            depth = if markup.ends_with("/>") { depth } else { inside };
        }
        if deepest.is_some_and(|(known, _)| known > DEPTH_MAX) {
            break;
        }
    }
    deepest
}

/// How long a tag, a comment, a piece of CDATA or an instruction is, if it ends. A `>` within quotes ends no tag.
fn markup_length(text: &str) -> Option<usize> {
    let until = |end: &str| text.find(end).map(|at| at + end.len());
    if text.starts_with("<!--") {
        return until("-->");
    }
    if text.starts_with("<![CDATA[") {
        return until("]]>");
    }
    if text.starts_with("<?") {
        return until("?>");
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Places in a text, found without counting its lines from the beginning for each of them.
struct Ruler {
    /// After each so many bytes: where that is, its line and its column.
    marks: Vec<(usize, TextPos)>,
}

impl Ruler {
    /// Bytes between two marks.
    const STEP: usize = 4_096;

    fn new(text: &str) -> Self {
        let mut marks = vec![(0, TextPos::new(1, 1))];
        let (mut from, mut place) = (0, TextPos::new(1, 1));
        for (at, letter) in text.char_indices() {
            if at >= from + Self::STEP {
                from = at;
                marks.push((at, place));
            }
            place = after(place, letter);
        }
        Self { marks }
    }

    fn place(&self, text: &str, at: usize) -> TextPos {
        let next = self.marks.partition_point(|(mark, _)| *mark <= at);
        let (mark, place) =
            next.checked_sub(1).and_then(|last| self.marks.get(last)).copied().unwrap_or((0, TextPos::new(1, 1)));
        text.get(mark..at).unwrap_or_default().chars().fold(place, after)
    }
}

/// Where the letter after this one stands.
fn after(place: TextPos, letter: char) -> TextPos {
    if letter == '\n' { TextPos::new(place.row + 1, 1) } else { TextPos::new(place.row, place.col + 1) }
}

/// In words of our own: what is wrong and what to do.
fn worded(error: &Error) -> String {
    match error {
        Error::DtdDetected => {
            "the document has a document type declaration (DOCTYPE), which is not read: leave it out".to_owned()
        }
        Error::NodesLimitReached => format!("the document has more than {NODES_MAX} nodes: send fewer leads at once"),
        Error::UnexpectedCloseTag(expected, found, _) => {
            format!("`</{found}>` closes nothing here, `<{expected}>` is still open: close it first")
        }
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            "the document ends before its elements are closed: was it cut off?".to_owned()
        }
        Error::NoRootNode => "there is no element in it: send an ADF document".to_owned(),
        Error::DuplicatedAttribute(name, _) => format!("the attribute `{name}` is given twice, remove one"),
        other => format!("this is not well-formed XML: {other}"),
    }
}

impl<'d, 'i> Read<'d, 'i> {
    /// The outermost element.
    pub(super) fn root(&self) -> Node<'d, 'i> {
        self.document.root_element()
    }

    /// Where an element stands.
    pub(super) fn place(&self, node: Node<'_, '_>) -> Place {
        let position = self.ruler.place(self.document.input_text(), node.range().start);
        let names = node.ancestors().filter(Node::is_element).map(|element| element.tag_name().name().to_owned());
        let mut names: Vec<String> = names.collect();
        names.reverse();
        let line = position.row.saturating_add(u32::try_from(self.lines_before).unwrap_or(u32::MAX));
        Place { line, column: position.col, element: names.join("/") }
    }

    /// A problem with an element.
    pub(super) fn refuse(&self, node: Node<'_, '_>, message: impl Into<String>) -> AdfError {
        AdfError { place: Some(self.place(node)), message: message.into() }
    }
}

/// Whether an element has this name, in small letters or capitals, in whatever namespace.
pub(super) fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name().eq_ignore_ascii_case(name)
}

/// The children of this name.
pub(super) fn children<'d, 'i>(node: Node<'d, 'i>, name: &str) -> impl Iterator<Item = Node<'d, 'i>> {
    node.children().filter(move |child| is(*child, name))
}

/// The first child of this name.
pub(super) fn child<'d, 'i>(node: Node<'d, 'i>, name: &str) -> Option<Node<'d, 'i>> {
    children(node, name).next()
}

/// The text of an element and of what is in it, without the white space around it; none if that leaves nothing.
pub(super) fn text_of(node: Node<'_, '_>) -> Option<String> {
    let text: String = node.descendants().filter_map(|inner| inner.text().filter(|_| inner.is_text())).collect();
    // XML allows no NUL, and a reference to one was taken apart before.
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// An attribute by its name, in small letters or capitals.
pub(super) fn attribute<'d>(node: Node<'d, '_>, name: &str) -> Option<&'d str> {
    let found = node.attributes().find(|attribute| attribute.name().eq_ignore_ascii_case(name));
    found.map(|attribute| attribute.value().trim()).filter(|value| !value.is_empty())
}
