//! Measures an operation with its fragments expanded, in time linear in the document.
//!
//! A fragment is weighed once and its weight reused, so a document whose fragments spread each other into millions
//! costs no more than its text. It never expands anything.
//!
//! The cost is about the number of objects that the answer may hold:
//!
//! ```text
//! a field without selection (a leaf)        0
//! a field with a selection                  n × (1 + the cost of its selection)
//! one that selects `edges` or `nodes`       1 + n × (the cost of its selection)
//! `edges`                                   that of its `node`, at least 1
//! `pageInfo`, `__schema`, `__type`          0
//!
//! n: `first` or `last`, the length of `ids`, `page_default` for a page without a known size, otherwise 1
//!
//! { leads(first: 100) { nodes { id dealer { name } } } }     1 + 100 × (nodes 1 + dealer 1) = 201
//! ```
//!
//! What `@skip` and `@include` leave out is counted, and a list without page arguments counts as one object.
//!
//! The fields of the answer are counted beside it, for a fragment may repeat a leaf a million times: a leaf as 1, any other field as
//! 1 + n × the fields of its selection. It is an upper bound: what stands beside `nodes` is counted for each of them.

use std::collections::HashMap;

use async_graphql::Variables;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned};

use super::Refusal;
use super::limits::{Limit, Limits};
use super::page::Bindings;

/// What one operation asks for, fragments expanded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Levels of fields.
    pub(super) depth: u64,
    /// Renamed fields.
    pub(super) aliases: u64,
    /// Fields at this level.
    pub(super) fields: u64,
    /// Fragment spreads reached.
    pub(super) spreads: u64,
    /// Fields reached, each counted once for each way to it: what the library goes through before it executes anything.
    reached: u64,
    /// Objects that the answer may hold.
    pub(super) cost: u64,
    /// Fields that the answer may hold.
    pub(super) answer_fields: u64,
    /// Levels of fields under `__schema` or `__type`.
    pub(super) introspection_depth: u64,
    /// Introspection lists inside each other.
    pub(super) introspection_lists: u64,
    /// Where the schema is first asked for.
    pub(super) introspection_at: Option<Pos>,
    /// Whether this level selects `edges` or `nodes`: then the field above it is a connection.
    connection: bool,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.fields = self.fields.saturating_add(other.fields);
        self.spreads = self.spreads.saturating_add(other.spreads);
        self.reached = self.reached.saturating_add(other.reached);
        self.cost = self.cost.saturating_add(other.cost);
        self.answer_fields = self.answer_fields.saturating_add(other.answer_fields);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.introspection_lists = self.introspection_lists.max(other.introspection_lists);
        self.introspection_at = self.introspection_at.or(other.introspection_at);
        self.connection |= other.connection;
    }

    /// Refuses whatever exceeds `limits`.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), Refusal> {
        limits.check(Limit::FragmentSpreads, self.spreads)?;
        limits.check(Limit::Depth, self.depth)?;
        limits.check(Limit::Aliases, self.aliases)?;
        limits.check(Limit::RootFields, self.fields)?;
        limits.check(Limit::IntrospectionDepth, self.introspection_depth)?;
        limits.check(Limit::IntrospectionLists, self.introspection_lists)?;
        limits.check(Limit::Cost, self.cost)?;
        limits.check(Limit::Fields, self.answer_fields)
    }
}

/// The operations that a request with this `operation_name` may execute: the one it names or the only one, else all
/// of them, for then the request is refused later anyway.
pub(super) fn chosen<'a>(
    document: &'a ExecutableDocument,
    operation_name: Option<&str>,
) -> Vec<&'a Positioned<OperationDefinition>> {
    let named = match &document.operations {
        DocumentOperations::Multiple(operations) => operation_name.and_then(|name| operations.get(name)),
        DocumentOperations::Single(_) => None,
    };
    named.map_or_else(|| document.operations.iter().map(|(_, operation)| operation).collect(), |one| vec![one])
}

/// Weighs `operation`. Fragments that it does not reach are not looked at, except by [`check_cycles`].
pub(super) fn measure(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    limits: &Limits,
) -> Result<Weight, Refusal> {
    Scale::new(document, operation, variables, limits).selection(&operation.selection_set.node, false)
}

/// Refuses fragments that spread themselves, reached or not: the validator follows them all.
pub(super) fn check_cycles(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    limits: &Limits,
) -> Result<(), Refusal> {
    let mut scale = Scale::new(document, operation, variables, limits);
    for (name, fragment) in &document.fragments {
        scale.fragment(name, fragment.pos, false)?;
    }
    Ok(())
}

/// Refuses operations that together reach too many fragments or fields, executed or not: the library goes through all of them.
pub(super) fn check_all(document: &ExecutableDocument, variables: &Variables, limits: &Limits) -> Result<(), Refusal> {
    let mut total = Weight::default();
    for (_, operation) in document.operations.iter() {
        total.add(measure(document, &operation.node, variables, limits)?);
    }
    limits.check(Limit::FragmentSpreads, total.spreads)?;
    limits.check(Limit::Fields, total.reached)
}

struct Scale<'a> {
    document: &'a ExecutableDocument,
    bindings: Bindings<'a>,
    page_default: u64,
    /// By fragment and whether it is reached inside an introspection; `None` while it is being weighed.
    fragments: HashMap<(Name, bool), Option<Weight>>,
}

impl<'a> Scale<'a> {
    fn new(
        document: &'a ExecutableDocument,
        operation: &'a OperationDefinition,
        variables: &'a Variables,
        limits: &Limits,
    ) -> Self {
        let bindings = Bindings::new(operation, variables);
        Self { document, bindings, page_default: limits.page_default, fragments: HashMap::new() }
    }

    fn selection(&mut self, set: &SelectionSet, introspecting: bool) -> Result<Weight, Refusal> {
        let mut total = Weight::default();
        for item in &set.items {
            let weight = match &item.node {
                Selection::Field(field) => self.field(&field.node, field.pos, introspecting)?,
                Selection::InlineFragment(inline) => self.selection(&inline.node.selection_set.node, introspecting)?,
                Selection::FragmentSpread(spread) => {
                    let mut weight = self.fragment(&spread.node.fragment_name.node, spread.pos, introspecting)?;
                    weight.spreads = weight.spreads.saturating_add(1);
                    weight
                }
            };
            total.add(weight);
        }
        Ok(total)
    }

    /// The weight of a fragment; of one that does not exist, nothing: the validator refuses it.
    fn fragment(&mut self, name: &Name, at: Pos, introspecting: bool) -> Result<Weight, Refusal> {
        let key = (name.clone(), introspecting);
        match self.fragments.get(&key) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(Refusal::FragmentCycle { name: super::parse::shorten(name, 100), at }),
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Weight::default()) };
        self.fragments.insert(key.clone(), None);
        let weight = self.selection(&fragment.node.selection_set.node, introspecting)?;
        self.fragments.insert(key, Some(weight));
        Ok(weight)
    }

    fn field(&mut self, field: &Field, at: Pos, introspecting: bool) -> Result<Weight, Refusal> {
        let name = field.name.node.as_str();
        let enters = !introspecting && matches!(name, "__schema" | "__type");
        let inner = self.selection(&field.selection_set.node, introspecting || enters)?;
        let mut weight = Weight { fields: 1, aliases: inner.aliases, spreads: inner.spreads, ..Weight::default() };
        weight.aliases = weight.aliases.saturating_add(u64::from(field.alias.is_some()));
        weight.reached = inner.reached.saturating_add(1);
        weight.answer_fields = inner.answer_fields.saturating_mul(self.objects(field, &inner)).saturating_add(1);
        weight.introspection_at = if enters { Some(at) } else { inner.introspection_at };
        if introspecting || enters {
            weight.depth = u64::from(enters);
            weight.introspection_depth = inner.introspection_depth + 1;
            weight.introspection_lists = inner.introspection_lists + u64::from(introspecting && is_schema_list(name));
        } else {
            weight.depth = inner.depth + 1;
            weight.introspection_depth = inner.introspection_depth;
            weight.introspection_lists = inner.introspection_lists;
            weight.cost = self.cost(field, &inner);
            weight.connection = matches!(name, "edges" | "nodes");
        }
        Ok(weight)
    }

    fn cost(&self, field: &Field, inner: &Weight) -> u64 {
        match field.name.node.as_str() {
            _ if field.selection_set.node.items.is_empty() => 0,
            "pageInfo" => 0,
            "edges" => inner.cost.max(1),
            _ if inner.connection => inner.cost.saturating_mul(self.objects(field, inner)).saturating_add(1),
            _ => inner.cost.saturating_add(1).saturating_mul(self.objects(field, inner)),
        }
    }

    /// How many objects the field may answer.
    fn objects(&self, field: &Field, inner: &Weight) -> u64 {
        let unknown = if inner.connection || Bindings::is_paged(field) { self.page_default } else { 1 };
        self.bindings.page_size(field).unwrap_or(unknown)
    }
}

/// The lists of `__Type` that lead to further types.
fn is_schema_list(name: &str) -> bool {
    matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::parser::parse_query;
    use async_graphql::value;

    use super::*;

    fn weigh_with(document: &str, variables: async_graphql::Value) -> Result<Weight, Refusal> {
        let document = parse_query(document).unwrap();
        let operation = chosen(&document, None)[0];
        measure(&document, &operation.node, &Variables::from_value(variables), &Limits::default())
    }

    fn weigh(document: &str) -> Weight {
        weigh_with(document, value!({})).unwrap()
    }

    fn cost(document: &str) -> u64 {
        weigh(document).cost
    }

    // API-5
    #[test]
    fn the_cost_is_the_number_of_objects_that_an_answer_may_hold() {
        assert_eq!(cost("{ __typename version }"), 0);
        assert_eq!(cost("{ lead(id: 1) { id dealer { name } } }"), 2);
        assert_eq!(cost("{ leads(first: 100) { nodes { id dealer { name } } } }"), 201);
        assert_eq!(
            cost("{ leads(last: 100) { edges { node { id } cursor } pageInfo { endCursor } totalCount } }"),
            101
        );
        assert_eq!(cost("{ leads(first: 100) { edges { cursor } } }"), 101);
        assert_eq!(cost("{ leads(first: 10) { nodes { events(first: 5) { nodes { at } } } } }"), 1 + 10 * (1 + 1 + 5));
        assert_eq!(cost("{ candidates(first: 10) { dealer { name } } }"), 20);
        assert_eq!(cost("{ nodes(ids: [1, 2, 3]) { owner { name } } }"), 6);
    }

    // API-5
    #[test]
    fn the_fields_of_an_answer_are_those_of_each_object_also_when_one_is_repeated() {
        let fields = |document: &str| weigh(document).answer_fields;
        assert_eq!(fields("{ __typename version }"), 2);
        assert_eq!(fields("{ lead(id: 1) { id id dealer { name } } }"), 5);
        assert_eq!(fields("{ leads(first: 100) { nodes { id dealer { name } } } }"), 1 + 100 * 4);
        assert_eq!(fields("{ nodes(ids: [1, 2, 3]) { ...f ...f } } fragment f on N { a b }"), 1 + 3 * 4);
        assert_eq!(
            fields("{ a(first: 9999999999) { b(first: 9999999999) { c(first: 9999999999) { d } } } }"),
            u64::MAX
        );
    }

    #[test]
    fn a_connection_without_a_page_size_is_taken_to_hold_the_default() {
        assert_eq!(cost("{ leads { nodes { id } } }"), 51);
        assert_eq!(cost("{ leads { ...f } } fragment f on LeadConnection { nodes { id } }"), 51);
        assert_eq!(cost("query($n: Int) { leads(first: $n) { nodes { id } } }"), 51);
    }

    #[test]
    fn a_page_size_is_read_from_variables_and_their_defaults() {
        let document = "query($n: Int = 7) { leads(first: $n) { nodes { id } } }";
        assert_eq!(cost(document), 8);
        assert_eq!(weigh_with(document, value!({ "n": 20 })).unwrap().cost, 21);
        assert_eq!(weigh_with(document, value!({ "n": -20 })).unwrap().cost, 1);
        let ids = "query($ids: [ID!]!) { nodes(ids: $ids) { owner { name } } }";
        assert_eq!(weigh_with(ids, value!({ "ids": ["a", "b"] })).unwrap().cost, 4);
    }

    #[test]
    fn a_product_of_page_sizes_does_not_wrap_around() {
        let document = "{ a(first: 9999999999) { b(first: 9999999999) { c(first: 9999999999) { d { e } } } } }";
        assert_eq!(cost(document), u64::MAX);
        assert_eq!(cost("{ a(first: 99999999999999999999) { b { c } } }"), u64::MAX);
    }

    #[test]
    fn depth_aliases_and_root_fields_are_counted_through_fragments() {
        let weight = weigh(
            "{ ...r ... on Query { c } x: d { ...f } }
             fragment r on Query { a b { y: c } }
             fragment f on D { z: e { g } ...h } fragment h on D { e { g { i } } }",
        );
        assert_eq!((weight.fields, weight.aliases, weight.depth, weight.spreads), (4, 3, 4, 3));
    }

    // API-5
    #[test]
    fn fragments_that_spread_two_of_the_next_are_counted_without_being_expanded() {
        let mut document = String::from("{ ...f0 }");
        for level in 0..60 {
            let _ = write!(document, " fragment f{level} on Q {{ ...f{0} ...f{0} }}", level + 1);
        }
        document += " fragment f60 on Q { a }";
        let weight = weigh(&document);
        assert!(weight.spreads > 1 << 59);
        let refusal = weight.check(&Limits::default()).unwrap_err();
        assert!(matches!(refusal, Refusal::Limit { limit: Limit::FragmentSpreads, .. }), "{refusal}");
    }

    // API-5
    #[test]
    fn the_longest_chain_of_fragments_is_weighed_on_a_small_stack() {
        let mut document = String::from("{ ...f0 }");
        for level in 0..220 {
            let _ = write!(document, " fragment f{level} on Q {{ ...f{} }}", level + 1);
        }
        document += " fragment f220 on Q { a }";
        assert!(
            crate::graphql::guard::parse::parse(&document, &Limits::default()).is_ok(),
            "within the limit of tokens"
        );
        let small = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        let spreads = small.spawn(move || weigh(&document).spreads).unwrap().join().unwrap();
        assert_eq!(spreads, 221);
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_refused_even_when_nothing_reaches_it() {
        let cycle = "{ ...f } fragment f on Q { a { ...g } } fragment g on Q { ...f }";
        let refusal = weigh_with(cycle, value!({})).unwrap_err();
        assert_eq!(refusal.to_string(), "the fragment `f` spreads itself: take the spread out of it");

        let document = parse_query("{ a } fragment f on Q { ...f }").unwrap();
        let operation = chosen(&document, None)[0];
        let variables = Variables::default();
        assert!(measure(&document, &operation.node, &variables, &Limits::default()).is_ok());
        assert!(check_cycles(&document, &operation.node, &variables, &Limits::default()).is_err());
    }

    #[test]
    fn introspection_costs_nothing_and_has_limits_of_its_own() {
        let standard = "{ __schema { types { fields { args { type { ofType { ofType { ofType { ofType { ofType {
            ofType { ofType { ofType { ofType { name } } } } } } } } } } } } } } }";
        let weight = weigh(standard);
        assert_eq!((weight.depth, weight.cost, weight.introspection_depth), (1, 0, 15));
        assert!(weight.check(&Limits::default()).is_ok());
        let nested = weigh("{ __schema { types { fields { type { fields { name } } } } } }");
        assert_eq!(nested.introspection_lists, 2);
        assert!(nested.check(&Limits::default()).is_err());
    }

    #[test]
    fn only_the_operation_that_is_named_is_chosen() {
        let document = parse_query("query a { x } query b { y z }").unwrap();
        assert_eq!(chosen(&document, Some("a")).len(), 1);
        assert_eq!(chosen(&document, None).len(), 2);
        assert_eq!(chosen(&document, Some("c")).len(), 2);
    }
}
