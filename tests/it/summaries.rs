//! Of leads and dealers no more is read than is asked: every field answers the same however it is come by.

use std::collections::{BTreeMap, BTreeSet};

use baton::domain::lead::{Lead, LeadState};
use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each_database};
use crate::support::world::World;

const FIELDS: &str = "query($of: String!) { __type(name: $of) { fields { name type { ...t ofType { ...t ofType { ...t ofType { ...t } } } } } } }
    fragment t on __Type { kind name }";

/// Each field of a type with a selection of its own where it needs one.
async fn fields_of(app: &TestApp, of: &str) -> Vec<String> {
    let told = app.graphql(&app.admin(), FIELDS, json!({ "of": of })).await;
    let field = |field: &Value| {
        let name = field["name"].as_str().unwrap();
        let mut ty = &field["type"];
        while !ty["ofType"].is_null() {
            ty = &ty["ofType"];
        }
        let ends_in = |end: &str| ty["name"].as_str().unwrap().ends_with(end);
        match ty["kind"].as_str().unwrap() {
            "OBJECT" if ends_in("Connection") => format!("{name}(first: 1) {{ pageInfo {{ hasNextPage }} }}"),
            "OBJECT" => format!("{name} {{ __typename }}"),
            _ => name.to_owned(),
        }
    };
    told["__type"]["fields"].as_array().unwrap().iter().map(field).collect()
}

/// The objects of an answer with their ids, wherever they stand in it.
fn objects<'a>(answer: &'a Value, found: &mut Vec<(&'a str, &'a Value)>) {
    match answer {
        Value::Object(object) => match object.get("of").and_then(Value::as_str) {
            Some(id) => found.push((id, answer)),
            None => object.values().for_each(|value| objects(value, found)),
        },
        Value::Array(items) => items.iter().for_each(|item| objects(item, found)),
        _ => {}
    }
}

/// The ids of the objects that a query answers.
async fn ids(app: &TestApp, query: &str) -> BTreeSet<String> {
    let answer = app.graphql(&app.admin(), query, json!({})).await;
    let mut found = Vec::new();
    objects(&answer, &mut found);
    found.into_iter().map(|(id, _)| id.to_owned()).collect()
}

// API-2, API-4
#[tokio::test]
async fn every_field_alone_answers_in_a_list_what_it_answers_by_id() {
    on_each_database(async |app: &TestApp| {
        let world = World::made(app, 11).await;
        // A deadline, which no lead from chance has; received last, so that it is on the page.
        let waits = |lead: &&Lead| lead.state == LeadState::Offered && lead.times.reassigned_at.is_none();
        let waiting = world.leads.iter().find(waits).unwrap();
        let due = "update leads set due_at = 4102444800000000, received_at = 4102444700000000 where id = $1";
        assert_eq!(app.meddle(due, waiting.id.0).await, 1);
        let leads = ids(app, "{ leads(first: 30) { nodes { of: id } } }").await;
        let dealers = ids(app, "{ leads(first: 30) { nodes { dealer { of: id } } } }").await;
        let of_leads = "grid: leads(first: 30) { nodes { FIELDS } }
            edges: leads(first: 30) { edges { node { ...fields } } }
            both: leads(first: 30) { nodes { __typename } edges { node { FIELDS } } }
            children: leads(first: 30) { nodes { root { ... on Lead { FIELDS } } } }";
        let of_dealers = "children: leads(first: 30) { nodes { dealer { FIELDS } } }
            spread: leads(first: 30) { nodes { dealer { ...fields } } }
            twice: leads(first: 30) { nodes { dealer { __typename } holder: dealer { FIELDS } } }
            grid: dealers(first: 30) { nodes { FIELDS } }";
        for (of, ids, ways) in [("Lead", leads, of_leads), ("Dealer", dealers, of_dealers)] {
            assert!(ids.len() > 5, "{of}: {ids:?}");
            for field in fields_of(app, of).await {
                let query = format!(
                    "query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ...fields }} {ways} }} fragment fields on {of} {{ FIELDS }}"
                );
                let query = query.replace("FIELDS", &format!("of: id {field}"));
                let answer = app.graphql(&app.admin(), &query, json!({ "ids": ids })).await;
                let (mut by_id, mut listed) = (Vec::new(), Vec::new());
                for (way, answer) in answer.as_object().unwrap() {
                    objects(answer, if way == "nodes" { &mut by_id } else { &mut listed });
                }
                assert_eq!(by_id.len(), ids.len(), "{of}.{field}");
                let by_id: BTreeMap<&str, &Value> = by_id.into_iter().collect();
                let compared = listed.iter().filter_map(|(id, answer)| Some((by_id.get(id)?, answer)));
                assert!(compared.clone().count() >= 3 * ids.len(), "{of}.{field}");
                for (whole, listed) in compared {
                    assert_eq!(whole, listed, "{of}.{field}");
                }
            }
        }
    })
    .await;
}
