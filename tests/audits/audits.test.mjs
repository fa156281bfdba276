// All audits of graphql-http against a running server: BATON_URL is its origin or its endpoint, BATON_TOKEN a token.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AUDITS, audit } from "./audit.mjs";

test("every audit of GraphQL over HTTP passes", async (context) => {
  assert.ok(process.env.BATON_URL, "set BATON_URL to the server's address, such as http://127.0.0.1:4000");
  const results = await audit(process.env.BATON_URL, process.env.BATON_TOKEN);
  assert.equal(results.length, AUDITS);
  for (const { id, name, status, reason } of results) {
    await context.test(`${id} ${name}`, () => assert.equal(status, "ok", reason));
  }
});
