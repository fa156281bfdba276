//! The named limits of one GraphQL request: how much it may ask.
//!
//! Plain numbers that the application fills from its configuration; nothing here reads one.

use std::fmt;

/// What may be exceeded. [`Limit::name`] is what a client sees in `extensions.limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Bytes of a request's body.
    BodyBytes,
    /// Bytes of the document.
    DocumentBytes,
    /// Brackets open at one time in the document.
    Nesting,
    /// Tokens of the document: names, numbers, strings and punctuation.
    Tokens,
    /// Directives in the document.
    Directives,
    /// Fragment spreads, counted each time that they are reached.
    FragmentSpreads,
    /// Levels of fields under each other, fragments expanded.
    Depth,
    /// Renamed fields, fragments expanded.
    Aliases,
    /// Fields at the root of the operation, fragments expanded.
    RootFields,
    /// Levels of fields under `__schema` or `__type`.
    IntrospectionDepth,
    /// Lists of an introspection (`fields`, `inputFields`, `interfaces`, `possibleTypes`) inside each other.
    IntrospectionLists,
    /// Objects that the answer may hold.
    Cost,
    /// Fields that the answer may hold, those of each object counted.
    Fields,
    /// Requests per minute with one credential.
    Rate,
}

impl Limit {
    /// The limit's name, as clients see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BodyBytes => "BODY_BYTES",
            Self::DocumentBytes => "DOCUMENT_BYTES",
            Self::Nesting => "NESTING",
            Self::Tokens => "TOKENS",
            Self::Directives => "DIRECTIVES",
            Self::FragmentSpreads => "FRAGMENT_SPREADS",
            Self::Depth => "DEPTH",
            Self::Aliases => "ALIASES",
            Self::RootFields => "ROOT_FIELDS",
            Self::IntrospectionDepth => "INTROSPECTION_DEPTH",
            Self::IntrospectionLists => "INTROSPECTION_LISTS",
            Self::Cost => "COST",
            Self::Fields => "FIELDS",
            Self::Rate => "RATE",
        }
    }

    /// What is counted, as it reads after a number.
    fn counted(self) -> &'static str {
        match self {
            Self::BodyBytes => "bytes of body",
            Self::DocumentBytes => "bytes of document",
            Self::Nesting => "brackets inside each other",
            Self::Tokens => "tokens",
            Self::Directives => "directives",
            Self::FragmentSpreads => "fragment spreads",
            Self::Depth => "levels of fields",
            Self::Aliases => "aliases",
            Self::RootFields => "root fields",
            Self::IntrospectionDepth => "levels of introspection",
            Self::IntrospectionLists => "introspection lists inside each other",
            Self::Cost => "points of cost",
            Self::Fields => "fields of all objects together",
            Self::Rate => "requests per minute",
        }
    }

    /// What a client can do about it.
    fn advice(self) -> &'static str {
        match self {
            Self::BodyBytes | Self::DocumentBytes | Self::Tokens => "split the request, or move values into variables",
            Self::Nesting | Self::Depth => "ask for the deeper objects by their ids",
            Self::Directives | Self::Aliases | Self::RootFields => "split the request",
            Self::FragmentSpreads => "spread fewer fragments inside each other",
            Self::IntrospectionDepth | Self::IntrospectionLists => "use a standard introspection query",
            Self::Cost => "ask for smaller pages or fewer nested objects",
            Self::Fields => "ask for each field once, or for smaller pages",
            Self::Rate => "try again later",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// How much one request may ask. A count that equals its limit is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body, and so of the document: room for the longest document of 2,000 tokens with a
    /// bulk mutation's variables, small enough that parsing it costs no more than a millisecond.
    pub body_bytes: u64,
    /// Brackets inside each other. The parser calls itself once per bracket; some 1,400 overflow its stack.
    pub nesting: u64,
    /// Tokens of the document. The playground's longest operation has about 300.
    pub tokens: u64,
    /// Directives of the document.
    pub directives: u64,
    /// Fragment spreads reached from an operation; validation work grows with it.
    pub fragment_spreads: u64,
    /// Levels of fields: `leads.edges.node.dealer.contacts.email` is six.
    pub depth: u64,
    /// Renamed fields.
    pub aliases: u64,
    /// Fields at the root.
    pub root_fields: u64,
    /// Levels of fields under `__schema` or `__type`. The standard query has 15 (nine `ofType`).
    pub introspection_depth: u64,
    /// Introspection lists inside each other: each level multiplies the answer by the size of the schema, and
    /// the standard query needs one.
    pub introspection_lists: u64,
    /// Objects that the answer may hold.
    pub cost: u64,
    /// Fields that the answer may hold: each is worked out, also where it is asked for a thousand times under one name.
    pub fields: u64,
    /// Objects that a connection without `first` or `last` is taken to hold.
    pub page_default: u64,
    /// Requests per minute with one credential, all of which may come at once.
    pub requests_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 100 * 1024,
            nesting: 64,
            tokens: 2_000,
            directives: 50,
            fragment_spreads: 5_000,
            depth: 12,
            aliases: 30,
            root_fields: 20,
            introspection_depth: 20,
            introspection_lists: 1,
            cost: 5_000,
            fields: 100_000,
            page_default: 50,
            requests_per_minute: 6_000,
        }
    }
}

impl Limits {
    /// The number that is allowed for `limit`.
    pub fn allowed(&self, limit: Limit) -> u64 {
        match limit {
            Limit::BodyBytes | Limit::DocumentBytes => self.body_bytes,
            Limit::Nesting => self.nesting,
            Limit::Tokens => self.tokens,
            Limit::Directives => self.directives,
            Limit::FragmentSpreads => self.fragment_spreads,
            Limit::Depth => self.depth,
            Limit::Aliases => self.aliases,
            Limit::RootFields => self.root_fields,
            Limit::IntrospectionDepth => self.introspection_depth,
            Limit::IntrospectionLists => self.introspection_lists,
            Limit::Cost => self.cost,
            Limit::Fields => self.fields,
            Limit::Rate => u64::from(self.requests_per_minute),
        }
    }

    /// Refuses `found` if it exceeds what `limit` allows.
    pub(super) fn check(&self, limit: Limit, found: u64) -> Result<(), super::Refusal> {
        let allowed = self.allowed(limit);
        if found > allowed { Err(super::Refusal::Limit { limit, allowed, found }) } else { Ok(()) }
    }
}

/// The sentence for people: `14 levels of fields, at most 12 are allowed: ask for …`.
pub(super) fn sentence(limit: Limit, allowed: u64, found: u64) -> String {
    let (counted, advice) = (limit.counted(), limit.advice());
    format!("the request has {found} {counted}, at most {allowed} are allowed: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_equal_to_its_limit_is_allowed_and_one_more_is_refused_with_both_numbers() {
        let limits = Limits::default();
        assert!(limits.check(Limit::Depth, 12).is_ok());
        let refusal = limits.check(Limit::Depth, 13).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the request has 13 levels of fields, at most 12 are allowed: ask for the deeper objects by their ids"
        );
    }
}
