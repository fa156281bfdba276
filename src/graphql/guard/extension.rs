//! The guard as an extension of the schema, so that it holds on every transport.
//!
//! Add it last to a schema: it parses the document itself and never lets the library's own unguarded parsing run.

use std::sync::{Arc, OnceLock};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest, NextRequest, NextSubscribe,
    NextValidation,
};
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection};
use async_graphql::{
    Data, Positioned, Request, Response, ServerError, ServerResult, ValidationResult, Variables, value,
};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::limits::Limits;
use super::measure::{check_cycles, chosen, measure};
use super::request::{RequestId, Transport, Visibility};
use super::{Refusal, fault, parse};

/// Makes a guard for each request; `Schema::build(…).extension(Guard::new(limits))`.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    limits: Limits,
}

impl Guard {
    /// A guard that holds these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }
}

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Watch { limits: self.limits, seen: Arc::default() })
    }
}

/// One request under guard.
struct Watch {
    limits: Limits,
    seen: Arc<Seen>,
}

/// What later steps need of earlier ones.
#[derive(Default)]
struct Seen {
    request_id: OnceLock<String>,
    operation_name: OnceLock<String>,
    cost: OnceLock<u64>,
}

impl Seen {
    /// Covers faults and reports the cost.
    fn finish(&self, response: &mut Response, limits: &Limits) {
        fault::cover(&mut response.errors, self.request_id.get().map_or("unknown", String::as_str));
        if let Some(&requested) = self.cost.get() {
            let cost = value!({ "requested": requested, "maximum": limits.cost });
            response.extensions.insert("cost".to_owned(), cost);
        }
    }
}

impl Watch {
    fn check(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
    ) -> Result<ExecutableDocument, Refusal> {
        let document = parse::parse(query, &self.limits)?;
        let operations = chosen(&document, self.seen.operation_name.get().map(String::as_str));
        let mut cost = 0;
        for operation in &operations {
            cost = cost.max(self.check_operation(context, &document, operation, variables)?);
        }
        if let Some(first) = operations.first() {
            check_cycles(&document, &first.node, variables, &self.limits)?;
        }
        let _ = self.seen.cost.set(cost);
        Ok(document)
    }

    /// Checks one operation and answers its cost.
    fn check_operation(
        &self,
        context: &ExtensionContext<'_>,
        document: &ExecutableDocument,
        operation: &Positioned<OperationDefinition>,
        variables: &Variables,
    ) -> Result<u64, Refusal> {
        if let Some(transport) = context.data_opt::<Transport>() {
            transport.check(operation.node.ty)?;
        }
        check_root(operation)?;
        let weight = measure(document, &operation.node, variables, &self.limits)?;
        // A refused request tells its cost as well.
        weight.check(&self.limits).inspect_err(|_| {
            let _ = self.seen.cost.set(weight.cost);
        })?;
        match weight.introspection_at {
            Some(at) if !visibility(context).introspection => Err(Refusal::IntrospectionDisabled { at }),
            _ => Ok(weight.cost),
        }
    }
}

#[async_trait::async_trait]
impl Extension for Watch {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(context).await;
        self.seen.finish(&mut response, &self.limits);
        response
    }

    fn subscribe<'s>(
        &self,
        context: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let (seen, limits) = (Arc::clone(&self.seen), self.limits);
        let finished = next.run(context, stream).map(move |mut response| {
            seen.finish(&mut response, &limits);
            response
        });
        finished.boxed()
    }

    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let request = next.run(context, request).await?;
        if let Some(RequestId(id)) = datum(&request.data) {
            let _ = self.seen.request_id.set(id.clone());
        }
        if let Some(name) = &request.operation_name {
            let _ = self.seen.operation_name.set(name.clone());
        }
        Ok(request)
    }

    /// The rest of the chain is left out on purpose: at its end stands the parser without limits.
    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        _next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        Ok(self.check(context, query, variables)?)
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(context).await.map_err(|errors| fault::present_validation(errors, visibility(context)))
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

fn visibility(context: &ExtensionContext<'_>) -> Visibility {
    context.data_opt::<Visibility>().copied().unwrap_or(Visibility::OPEN)
}

fn datum<T: Send + Sync + 'static>(data: &Data) -> Option<&T> {
    data.get(&std::any::TypeId::of::<T>()).and_then(|value| value.downcast_ref())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::{EmptySubscription, Object, Schema};

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

    async fn ask(request: Request) -> serde_json::Value {
        let schema = Schema::build(Query, Mutation, EmptySubscription).extension(Guard::new(Limits::default()));
        serde_json::to_value(schema.finish().execute(request).await).unwrap()
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
    async fn the_guard_holds_on_a_stream_as_well() {
        let schema = Schema::build(Query, Mutation, EmptySubscription).extension(Guard::new(Limits::default()));
        let schema = schema.finish();
        let bomb = format!("{{ leads(first: {}1{}) {{ name }} }}", "[".repeat(2_000), "]".repeat(2_000));
        let answers: Vec<Response> = schema.execute_stream(Request::new(bomb)).collect().await;
        assert!(ErrorCode::LimitExceeded.marks(&answers[0].errors[0]));
    }
}
