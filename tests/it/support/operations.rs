//! Operations over the API, as tests ask for them.

use baton::domain::Actor;
use baton::domain::id::LeadId;
use baton::domain::lead::Lead;
use baton::domain::request::Request;
use baton::store::{leads, requests};
use serde_json::{Value, json};

use super::app::TestApp;

const FIELDS: &str = "operation { id state leadCount changeCount unchangedCount problemCount mailCount pushCount
    problems { reason leadCount } progress { done changed unchanged skipped failed } error }
    userErrors { path code message }";

const READ: &str = "query($id: ID!) { operation(id: $id) { id kind state leadCount changeCount unchangedCount problemCount mailCount
    error requestedBy problems { reason leadCount } progress { done changed unchanged skipped failed }
    sample { position verdict lead { id } targets { dealer { number } distanceKm } before after }
    shares(first: 50) { totalCount nodes { dealer { number } leadCount } }
    results(first: 250) { totalCount nodes { position outcome reason message lead { id state version } copies { id state } } } } }";

impl TestApp {
    /// Calls a mutation about an operation; its payload.
    pub async fn operate(&self, actor: &Actor, mutation: &str, input: Value) -> Value {
        let kind = match mutation {
            "prepareReassignment" => "PrepareReassignmentInput",
            "prepareLeadUpdate" => "PrepareLeadUpdateInput",
            "prepareUndo" => "PrepareUndoInput",
            _ => "OperationInput",
        };
        let document = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {FIELDS} }} }}");
        self.graphql(actor, &document, json!({ "input": input })).await[mutation].take()
    }

    /// Calls a mutation that succeeds; the operation's id.
    pub async fn operated(&self, mutation: &str, input: Value) -> String {
        let done = self.operate(&self.admin(), mutation, input).await;
        assert_eq!(done["userErrors"], json!([]), "{done:#}");
        done["operation"]["id"].as_str().unwrap().to_owned()
    }

    /// An operation as an admin sees it.
    pub async fn operation(&self, id: &str) -> Value {
        self.operation_as(&self.admin(), id).await
    }

    /// An operation as somebody sees it.
    pub async fn operation_as(&self, actor: &Actor, id: &str) -> Value {
        self.graphql(actor, READ, json!({ "id": id })).await["operation"].take()
    }

    /// A lead as many times more, each a request of its own, without mails.
    pub async fn copied_leads(&self, lead: LeadId, count: usize) {
        let lead = self.lead(lead).await;
        let first = requests::lookup(self.store().reader(), lead.tenant, lead.request).await.unwrap().unwrap();
        let (mut made_requests, mut made_leads) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (request, id) = (self.context().id(self.now()), self.context().id::<LeadId>(self.now()));
            made_requests.push(Request { id: request, external_id: None, ..first.clone() });
            made_leads.push(Lead { id, request, root: id, decision: None, ..lead.clone() });
        }
        requests::insert(self.store().writer(), &made_requests).await.unwrap();
        leads::insert(self.store().writer(), &made_leads).await.unwrap();
    }

    /// Prepares to hand leads on, and lets the workers plan all of them.
    pub async fn prepared(&self, selection: Value, target: Value) -> String {
        let id = self.operated("prepareReassignment", json!({ "selection": selection, "target": target })).await;
        self.work().await;
        id
    }

    /// Runs a plan to its end.
    pub async fn ran(&self, id: &str) -> Value {
        self.operated("runOperation", json!({ "operationId": id })).await;
        self.work().await;
        let done = self.operation(id).await;
        assert_eq!(done["state"], "DONE", "{done:#}");
        done
    }
}

/// The code of the first problem of a payload.
pub fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or_default()
}
