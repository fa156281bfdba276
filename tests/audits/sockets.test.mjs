// Subscriptions with the protocol's own client, against a running server: BATON_URL is its origin, BATON_TOKEN an admin's token.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CloseCode, createClient } from "graphql-ws";
import WebSocket from "ws";

const { BATON_URL, BATON_TOKEN } = process.env;
assert.ok(BATON_URL && BATON_TOKEN, "set BATON_URL to the server's origin and BATON_TOKEN to an admin's token");
const url = new URL("/graphql", BATON_URL).href.replace(/^http/, "ws");

const clients = [];
after(() => Promise.all(clients.map((client) => client.dispose())));

function client(options = {}) {
  const made = createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${BATON_TOKEN}` },
    retryAttempts: 0,
    ...options,
  });
  clients.push(made);
  return made;
}

async function post(query) {
  const answer = await fetch(new URL("/graphql", BATON_URL), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${BATON_TOKEN}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined);
  return data;
}

const SUBMIT = `mutation { submitLead(input: { source: "web", country: "US", email: "jo@example.net" }) {
  lead { id } userErrors { message } } }`;

test("queries and mutations go over a socket", async () => {
  const results = [];
  for await (const result of client().iterate({ query: "{ viewer { role } }" })) results.push(result);
  assert.equal(results.length, 1);
  assert.equal(results[0].data.viewer.role, "ADMIN");
  for await (const result of client().iterate({ query: SUBMIT })) assert.ok(result.data.submitLead.lead.id);
});

test("a subscriber hears of leads that are handed in and changed by others", async () => {
  const { lead } = (await post(SUBMIT)).submitLead;
  const query = `subscription($ids: [ID!]) { leadChanged(ids: $ids) { id state stateReason } }`;
  const changes = client().iterate({ query, variables: { ids: [lead.id] } });
  const first = (await changes.next()).value;
  assert.deepEqual(first.data.leadChanged.id, lead.id);
  await post(`mutation { deleteLead(input: { leadId: "${lead.id}", reason: "a test" }) { userErrors { message } } }`);
  const second = (await changes.next()).value;
  assert.deepEqual(second.data.leadChanged, { id: lead.id, state: "DELETED", stateReason: "a test" });
  await changes.return();
});

test("a document that does not fit the schema is refused with its errors", async () => {
  const refused = client().iterate({ query: "subscription { leadChanged { nothing } }" });
  await assert.rejects(refused.next(), (errors) => errors[0].extensions.code === "VALIDATION");
});

test("a client pings and is answered", async () => {
  const pong = Promise.withResolvers?.() ?? deferred();
  const pinging = client({ lazy: false, keepAlive: 50, on: { pong: (received) => received && pong.resolve() } });
  await pong.promise;
  await pinging.dispose();
});

test("without a good token nobody is let in", async () => {
  const refused = client({ connectionParams: { token: "no.good.token" } }).iterate({ query: "{ viewer { role } }" });
  await assert.rejects(refused.next(), (event) => event.code === CloseCode.Forbidden && /^Forbidden: /.test(event.reason));
});

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
