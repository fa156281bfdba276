//! How large an expression may be (EXPR-6), and why.
//!
//! Each limit is checked before anything that could run out of stack or time on a larger text.

/// Longer texts are generated, and belong into a custom field or a list.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// Levels of nesting, in brackets as in the tree. The parser's own recursion needs about 6 KB of stack a level.
pub const DEPTH_MAX: usize = 64;
/// Terms of the tree; a list of literals counts as one.
pub const NODES_MAX: usize = 512;
/// Items of one list.
pub const LIST_ITEMS_MAX: usize = 1_000;
/// Tokens of the text. The parser takes up to ten microseconds for one, but forty for some signs, so this bounds how long it takes.
pub const TOKENS_MAX: usize = 4_500;
/// `matches` in one expression; each holds a compiled pattern in memory as long as the expression lives.
pub const PATTERNS_MAX: usize = 16;
/// Problems reported at once. Each may search the whole catalog for a nearest name.
pub const DIAGNOSTICS_MAX: usize = 50;
/// Size of a compiled `matches` pattern, in bytes of the regex program.
pub const PATTERN_BYTES_MAX: usize = 256 * 1024;
/// How often conditions on items of lists, and comparisons with them, may be tried for one row, all in all. Two stored lists may stand
/// within each other.
pub const TRIALS_MAX: usize = 20_000;
/// Items that a stored list is taken to have where trials are counted.
pub const STORED_ITEMS: usize = 100;
/// Bytes of a text that is put together by `+`. Lists within lists can double a text at each level.
pub const JOINED_BYTES_MAX: usize = 64 * 1024;
/// Bytes that a stored text is taken to have where joined texts are measured.
pub const STORED_BYTES: usize = 128;
