//! The guard as an executor before the schema's own, so that it holds on every transport.
//!
//! It is no extension of the schema: with one the library goes a longer way for each field of an answer, a tenth of a page's work. It
//! parses the document itself, so that the library's own unguarded parsing never runs.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection};
use async_graphql::{
    Data, Executor, ObjectType, Positioned, Request, Response, Schema, SchemaBuilder, SubscriptionType, value,
};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::limits::Limits;
use super::measure::{check_all, check_cycles, chosen, measure};
use super::request::{RequestId, Transport, Visibility};
use super::{Refusal, fault, parse};

/// A schema behind the guard.
#[derive(Clone)]
pub struct Guarded<E> {
    schema: E,
    limits: Limits,
}

impl<Q, M, S> Guarded<Schema<Q, M, S>>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    /// The schema behind these limits.
    pub fn new(schema: SchemaBuilder<Q, M, S>, limits: Limits) -> Self {
        // The library's own limit counts fragments that spread each other as levels; here they have one of their own.
        let levels = usize::try_from(limits.tokens).unwrap_or(usize::MAX);
        Self { schema: schema.limit_recursive_depth(levels).finish(), limits }
    }
}

impl<E: Executor> Executor for Guarded<E> {
    async fn execute(&self, request: Request) -> Response {
        let mut watch = Watch::new(&request, self.limits);
        let response = match watch.admit(request) {
            Ok(request) => self.schema.execute(request).await,
            Err(refusal) => Response::from_errors(vec![refusal.into()]),
        };
        watch.finish(response)
    }

    fn execute_stream(&self, request: Request, session_data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let mut watch = Watch::new(&request, self.limits);
        match watch.admit(request) {
            Ok(request) => {
                let responses = self.schema.execute_stream(request, session_data);
                responses.map(move |response| watch.finish(response)).boxed()
            }
            Err(refusal) => {
                let response = watch.finish(Response::from_errors(vec![refusal.into()]));
                stream::once(std::future::ready(response)).boxed()
            }
        }
    }
}

/// One request under guard: what is seen of it when it comes is needed when it is answered.
struct Watch {
    limits: Limits,
    request_id: String,
    transport: Option<Transport>,
    visibility: Visibility,
    cost: Option<u64>,
}

impl Watch {
    fn new(request: &Request, limits: Limits) -> Self {
        let request_id = datum(&request.data).map_or("unknown", |RequestId(id)| id.as_str());
        Self {
            limits,
            request_id: request_id.to_owned(),
            transport: datum(&request.data).copied(),
            visibility: datum(&request.data).copied().unwrap_or(Visibility::OPEN),
            cost: None,
        }
    }

    /// The request with its document, parsed and within all limits.
    fn admit(&mut self, mut request: Request) -> Result<Request, Refusal> {
        let document = parse::parse(&request.query, &self.limits)?;
        let operations = chosen(&document, request.operation_name.as_deref());
        let mut cost = 0;
        for operation in &operations {
            cost = cost.max(self.check_operation(&document, operation, &request)?);
        }
        if let Some(first) = operations.first() {
            check_cycles(&document, &first.node, &request.variables, &self.limits)?;
        }
        if document.operations.iter().nth(1).is_some() {
            check_all(&document, &request.variables, &self.limits)?;
        }
        self.cost = Some(cost);
        request.set_parsed_query(document);
        Ok(request)
    }

    /// Checks one operation and answers its cost.
    fn check_operation(
        &mut self,
        document: &ExecutableDocument,
        operation: &Positioned<OperationDefinition>,
        request: &Request,
    ) -> Result<u64, Refusal> {
        if let Some(transport) = self.transport {
            transport.check(operation.node.ty)?;
        }
        check_root(operation)?;
        let weight = measure(document, &operation.node, &request.variables, &self.limits)?;
        // A refused request tells its cost as well.
        weight.check(&self.limits).inspect_err(|_| self.cost = Some(weight.cost))?;
        match weight.introspection_at {
            Some(at) if !self.visibility.introspection => Err(Refusal::IntrospectionDisabled { at }),
            _ => Ok(weight.cost),
        }
    }

    /// Words the library's errors, covers faults and reports the cost.
    fn finish(&self, mut response: Response) -> Response {
        fault::present(&mut response.errors, self.visibility, &self.request_id);
        if let Some(requested) = self.cost {
            let cost = value!({ "requested": requested, "maximum": self.limits.cost });
            response.extensions.insert("cost".to_owned(), cost);
        }
        response
    }
}

/// The library would leave out a fragment and mix the streams of several fields.
fn check_root(operation: &Positioned<OperationDefinition>) -> Result<(), Refusal> {
    if operation.node.ty != OperationType::Subscription {
        return Ok(());
    }
    match operation.node.selection_set.node.items.as_slice() {
        [Positioned { node: Selection::Field(_), .. }] => Ok(()),
        _ => Err(Refusal::SubscriptionRoot { at: operation.pos }),
    }
}

fn datum<T: Send + Sync + 'static>(data: &Data) -> Option<&T> {
    data.get(&std::any::TypeId::of::<T>()).and_then(|value| value.downcast_ref())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::{EmptySubscription, Object, Variables};

    use super::*;
    use crate::graphql::guard::ErrorCode;

    struct Query;

    #[Object]
    impl Query {
        async fn leads(&self, first: i32) -> Vec<Lead> {
            (0..first).map(|_| Lead).collect()
        }

        async fn broken(&self) -> async_graphql::Result<i32> {
            let cause = std::io::Error::other("password of the database");
            std::future::ready(Err(cause.into())).await
        }
    }

    struct Lead;

    #[Object]
    impl Lead {
        async fn name(&self) -> &str {
            "Jo"
        }
    }

    struct Mutation;

    #[Object]
    impl Mutation {
        async fn touch(&self) -> bool {
            true
        }
    }

    fn guarded() -> impl Executor {
        Guarded::new(Schema::build(Query, Mutation, EmptySubscription), Limits::default())
    }

    async fn ask(request: Request) -> serde_json::Value {
        serde_json::to_value(guarded().execute(request).await).unwrap()
    }

    fn code(answer: &serde_json::Value) -> &str {
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("no error")
    }

    // API-5
    #[tokio::test]
    async fn every_answer_tells_its_cost_refused_ones_included() {
        let answer = ask(Request::new("{ leads(first: 3) { name } }")).await;
        assert_eq!(answer["extensions"]["cost"], serde_json::json!({ "requested": 3, "maximum": 5_000 }));
        let answer = ask(Request::new("query($n: Int!) { leads(first: $n) { name ... { leads: x { name } } } }")
            .variables(Variables::from_value(value!({ "n": 6_000 }))))
        .await;
        assert_eq!(answer["extensions"]["cost"]["requested"], 12_000);
        assert_eq!(answer["errors"][0]["extensions"]["limit"], "COST");
        assert_eq!(answer["errors"][0]["extensions"]["allowed"], 5_000);
        assert_eq!(answer["errors"][0]["extensions"]["found"], 12_000);
    }

    // API-5
    #[tokio::test]
    async fn introspection_answers_only_those_who_may() {
        let query = "{ __schema { queryType { name } } }";
        assert_eq!(ask(Request::new(query)).await["data"]["__schema"]["queryType"]["name"], "Query");
        let refused = ask(Request::new(query).data(Visibility::CLOSED)).await;
        assert_eq!(code(&refused), "INTROSPECTION_DISABLED");
        let hidden =
            ask(Request::new("{ ...f } fragment f on Query { __type(name: \"Lead\") { name } }")
                .data(Visibility::CLOSED))
            .await;
        assert_eq!(code(&hidden), "INTROSPECTION_DISABLED");
        assert_eq!(ask(Request::new("{ __typename }").data(Visibility::CLOSED)).await["data"]["__typename"], "Query");
    }

    #[tokio::test]
    async fn a_mutation_by_get_is_refused_also_behind_another_operations_name() {
        let two = "query a { __typename } mutation b { touch }";
        let named = |name: &str| Request::new(two).operation_name(name).data(Transport::Get);
        assert_eq!(ask(named("a")).await["data"]["__typename"], "Query");
        assert_eq!(code(&ask(named("b")).await), ErrorCode::MethodNotAllowed.as_str());
        assert_eq!(ask(Request::new("mutation { touch }").data(Transport::Post)).await["data"]["touch"], true);
    }

    // API-3
    #[tokio::test]
    async fn a_fault_shows_its_code_and_the_request_id_only() {
        let answer = ask(Request::new("{ broken }").data(RequestId("r42".to_owned()))).await;
        assert_eq!(code(&answer), "INTERNAL");
        assert_eq!(answer["errors"][0]["extensions"]["requestId"], "r42");
        assert!(!answer.to_string().contains("password"));
    }

    // API-5
    #[tokio::test]
    async fn the_longest_chain_of_fragments_is_validated() {
        let mut document = String::from("{ ...f0 }");
        for level in 0..220 {
            let _ = write!(document, " fragment f{level} on Query {{ ...f{} }}", level + 1);
        }
        document += " fragment f220 on Query { __typename }";
        assert_eq!(ask(Request::new(document)).await["data"]["__typename"], "Query");
    }

    // API-5
    #[tokio::test]
    async fn what_an_operation_that_is_not_executed_reaches_is_counted_too() {
        for (levels, leaves, limit) in [(60, 1, "FRAGMENT_SPREADS"), (11, 1_000, "FIELDS")] {
            let mut document = String::from("query a { __typename } query b { ...f0 }");
            for level in 0..levels {
                let _ = write!(document, " fragment f{level} on Query {{ ...f{0} ...f{0} }}", level + 1);
            }
            let _ = write!(document, " fragment f{levels} on Query {{ {} }}", "__typename ".repeat(leaves));
            let answer = ask(Request::new(document).operation_name("a")).await;
            assert_eq!(answer["errors"][0]["extensions"]["limit"], limit, "{answer}");
        }
    }

    // API-3
    #[tokio::test]
    async fn what_the_validator_refuses_and_what_no_operation_is_are_told_apart() {
        assert_eq!(code(&ask(Request::new("{ lead }")).await), "VALIDATION");
        let two = "query a { __typename } query b { __typename }";
        assert_eq!(code(&ask(Request::new(two)).await), "BAD_REQUEST");
        assert_eq!(code(&ask(Request::new(two).operation_name("c")).await), "BAD_REQUEST");
    }

    // API-5
    #[tokio::test]
    async fn fields_that_fragments_repeat_a_million_times_are_refused() {
        let mut document = String::from("{ leads(first: 1) { ...f0 } }");
        for level in 0..11 {
            let _ = write!(document, " fragment f{level} on Lead {{ ...f{0} ...f{0} }}", level + 1);
        }
        let _ = write!(document, " fragment f11 on Lead {{ {} }}", "name ".repeat(1_000));
        let answer = ask(Request::new(document)).await;
        assert_eq!(answer["errors"][0]["extensions"]["limit"], "FIELDS", "{answer}");
    }

    // API-5
    #[tokio::test]
    async fn the_guard_holds_on_a_stream_as_well() {
        let bomb = format!("{{ leads(first: {}1{}) {{ name }} }}", "[".repeat(2_000), "]".repeat(2_000));
        let answers: Vec<Response> = guarded().execute_stream(Request::new(bomb), None).collect().await;
        assert!(ErrorCode::LimitExceeded.marks(&answers[0].errors[0]));
    }
}
