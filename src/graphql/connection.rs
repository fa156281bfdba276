//! Relay connections over the store's pages: opaque, sealed cursors, bounded pages, a count only when it is asked for.
//!
//! <https://relay.dev/graphql/connections.htm>. A cursor holds the sort key of a row and the name of its list, under a keyed hash: one
//! that was made up, cut or taken from another list is the caller's error.

use std::future::Future;
use std::sync::Arc;

use async_graphql::connection::{Connection, CursorType, Edge};
use async_graphql::{Context, ErrorExtensions, OutputType, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::session::Ctx;
use crate::store::{Key, Page, PageRequest};

/// The longest page: a screen shows fewer, an export takes another way.
pub const PAGE_MAX: i32 = 250;
/// Counts are exact up to here: beyond, counting costs more than anyone learns from it.
pub const COUNT_MAX: u64 = 25_000;
/// Bytes of the keyed hash that a cursor carries.
const SEAL_BYTES: usize = 16;

/// The key by which cursors are sealed.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    /// Derived from the server's secret; the label keeps it apart from other uses of the same secret.
    pub fn new(secret: &[u8]) -> Self {
        // HMAC takes keys of any length (RFC 2104), so the error never happens; an unkeyed hash would only make cursors forgeable.
        let keyed = Hmac::<Sha256>::new_from_slice(secret)
            .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
        Self(keyed.chain_update(b"baton cursor v1"))
    }

    fn seal(&self, list: &str, payload: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(list).chain_update([0]).chain_update(payload)
    }

    fn write(&self, list: &str, key: &Key) -> String {
        let payload = serde_json::to_vec(key).unwrap_or_default();
        let seal = self.seal(list, &payload).finalize().into_bytes();
        let bytes: Vec<u8> = seal.iter().take(SEAL_BYTES).copied().chain(payload).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(&self, list: &str, cursor: &str) -> Option<Key> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (seal, payload) = bytes.split_at_checked(SEAL_BYTES)?;
        self.seal(list, payload).verify_truncated_left(seal).ok()?;
        serde_json::from_slice(payload).ok()
    }
}

/// A cursor, sealed when it is asked for.
#[derive(Clone)]
pub struct Cursor {
    of: Arc<Sealer>,
    key: Key,
}

/// What seals the cursors of one list.
struct Sealer {
    cursors: CursorKey,
    list: String,
}

impl CursorType for Cursor {
    type Error = &'static str;
    fn decode_cursor(_: &str) -> Result<Self, Self::Error> {
        Err("a cursor is read with the arguments of its list")
    }
    fn encode_cursor(&self) -> String {
        self.of.cursors.write(&self.of.list, &self.key)
    }
}

/// How many there are in all; answered only when asked for.
#[derive(SimpleObject, Default)]
pub struct Total {
    /// How many objects the list has in all, counted up to 25,000. Costs a statement of its own: ask for it only when it is shown.
    total_count: Option<i32>,
    /// Whether the list has more than `totalCount` says, because counting stopped there.
    total_count_is_capped: Option<bool>,
}

/// A connection of `Node`.
pub type Listed<Node> = Connection<Cursor, Node, Total>;

/// The four arguments of a connection.
#[derive(Default)]
pub struct PageArgs {
    /// The first so many after `after`.
    pub first: Option<i32>,
    /// A cursor.
    pub after: Option<String>,
    /// The last so many before `before`.
    pub last: Option<i32>,
    /// A cursor.
    pub before: Option<String>,
}

impl PageArgs {
    /// From the arguments in the order in which fields declare them.
    pub fn new(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> Self {
        Self { first, after, last, before }
    }

    /// What the store is to read of the list named `list`; the name holds all that its order depends on.
    pub fn request(&self, ctx: &Context<'_>, list: &str) -> async_graphql::Result<PageRequest> {
        let (size, backward) = match (self.first, self.last) {
            (Some(first), None) => (first, false),
            (None, Some(last)) => (last, true),
            (None, None) => return Err(bad_input(format!("give `first` or `last`, 1 to {PAGE_MAX}"))),
            (Some(_), Some(_)) => return Err(bad_input("give either `first` or `last`, not both".to_owned())),
        };
        let argument = if backward { "last" } else { "first" };
        let size = u64::try_from(size).ok().filter(|size| (1..=PAGE_MAX as u64).contains(size));
        let size = size.ok_or_else(|| bad_input(format!("`{argument}` must be 1 to {PAGE_MAX}")))?;
        let cursors = &ctx.session()?.cursors;
        let read = |argument: &str, cursor: &Option<String>| {
            let read = |cursor: &String| {
                cursors.read(list, cursor).ok_or_else(|| {
                    bad_input(format!("`{argument}` is not a cursor of this list, use one that it gave"))
                })
            };
            cursor.as_ref().map(read).transpose()
        };
        Ok(PageRequest { size, backward, after: read("after", &self.after)?, before: read("before", &self.before)? })
    }
}

/// An error in what the caller gave, outside a mutation's input.
pub fn bad_input(message: String) -> async_graphql::Error {
    async_graphql::Error::new(message).extend_with(|_, extensions| extensions.set("code", "BAD_INPUT"))
}

/// A connection over a page of `list`; `count` is only run when the total is asked for, with the number to count up to.
pub async fn connect<T, Node, Counting, Failure>(
    ctx: &Context<'_>,
    list: &str,
    page: Page<T>,
    wrap: impl Fn(T) -> Node,
    count: impl FnOnce(u64) -> Counting,
) -> async_graphql::Result<Listed<Node>>
where
    Node: OutputType,
    Counting: Future<Output = Result<u64, Failure>>,
    Failure: Into<async_graphql::Error>,
{
    let sealer = Arc::new(Sealer { cursors: ctx.session()?.cursors.clone(), list: list.to_owned() });
    let asked = |name| ctx.look_ahead().field(name).exists();
    let total = if asked("totalCount") || asked("totalCountIsCapped") {
        // One more than the cap tells whether there are more.
        let counted = count(COUNT_MAX + 1).await.map_err(Into::into)?;
        Total {
            total_count: i32::try_from(counted.min(COUNT_MAX)).ok(),
            total_count_is_capped: Some(counted > COUNT_MAX),
        }
    } else {
        Total::default()
    };
    let mut connection = Connection::with_additional_fields(page.has_previous, page.has_next, total);
    let cursor = |key| Cursor { of: Arc::clone(&sealer), key };
    connection.edges.extend(page.rows.into_iter().map(|(key, row)| Edge::new(cursor(key), wrap(row))));
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::KeyPart;

    // API-2
    #[test]
    fn a_cursor_is_read_back_only_by_its_own_list_and_key() {
        let key = CursorKey::new(b"0123456789abcdef0123456789abcdef");
        let place = vec![KeyPart::Int(5), KeyPart::Text("é".to_owned()), KeyPart::Null];
        let cursor = key.write("leads", &place);
        assert_eq!(key.read("leads", &cursor), Some(place));
        assert_eq!(key.read("dealers", &cursor), None);
        assert_eq!(CursorKey::new(b"another").read("leads", &cursor), None);
    }

    // API-2
    #[test]
    fn a_tampered_cut_or_empty_cursor_is_refused() {
        let key = CursorKey::new(b"0123456789abcdef0123456789abcdef");
        let cursor = key.write("leads", &vec![KeyPart::Int(5)]);
        for at in 0..cursor.len() {
            let mut bytes = cursor.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.read("leads", &String::from_utf8(bytes).unwrap()), None, "byte {at}");
        }
        for cut in ["", "A", "====", "☃"] {
            assert_eq!(key.read("leads", cut), None);
        }
    }
}
