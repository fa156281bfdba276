// The playground in a real browser: it loads, tells whose token it holds, runs an operation, shows the answer, and
// asks nothing of any other host. Needs BATON_URL (the server's origin), and Chromium at BATON_CHROMIUM.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const url = process.env.BATON_URL;
if (!url) throw new Error("set BATON_URL to the server's origin, such as http://127.0.0.1:4000");
const origin = new URL(url).origin;

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.BATON_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});
after(() => browser?.close());

/** Opens the playground and keeps what it asked for and complained of. */
async function open(fragment = "") {
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
  const seen = { foreign: [], complaints: [] };
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin) seen.foreign.push(request.url());
  });
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && seen.complaints.push(message.text()));
  await page.goto(`${origin}/playground${fragment}`);
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  return { page, seen };
}

/** A token in form only: what the page shows of it is read without checking it. */
function unsignedToken(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part(claims)}.c2lnbmF0dXJl`;
}

async function shoot(page, name) {
  if (process.env.BATON_SHOTS) await page.screenshot({ path: `${process.env.BATON_SHOTS}/${name}.png` });
}

test("an operation that is typed is run and answered, offline and within the page's own policy", async () => {
  const { page, seen } = await open(process.env.BATON_TOKEN ? `#token=${process.env.BATON_TOKEN}` : "");
  await page.getByRole("button", { name: "New tab" }).click();
  await page.locator(".graphiql-query-editor .monaco-editor").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("query Typed { kind: __typename ");
  // Its tab has the operation's name once the page has understood what was typed.
  await page.locator(".graphiql-tab", { hasText: "Typed" }).waitFor();
  // Not by the button: the list of completions may lie over it.
  await page.keyboard.press("Control+Enter");
  await page.locator(".graphiql-response", { hasText: '"kind"' }).waitFor();
  await shoot(page, "answer");
  const answer = (await page.locator(".graphiql-response").innerText()).replaceAll("\u00a0", " ");
  assert.match(answer, /"kind": "Query"/);
  assert.match(answer, /"cost"/);
  assert.deepEqual(seen.foreign, []);
  assert.deepEqual(seen.complaints, []);
});

test("a subscription that is typed shows what happens while it goes on", { skip: !process.env.BATON_TOKEN }, async () => {
  const { page, seen } = await open(`#token=${process.env.BATON_TOKEN}`);
  await page.getByRole("button", { name: "New tab" }).click();
  await page.locator(".graphiql-query-editor .monaco-editor").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("subscription Live { leadChanged { id state ");
  // Its tab has the operation's name once the page has understood what was typed.
  await page.locator(".graphiql-tab", { hasText: "Live" }).waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Stop query" }).waitFor();
  // A lead is handed in again and again until the subscription, of whose begin the page says nothing, tells of one.
  const submit = `mutation { submitLead(input: { source: "web", country: "US", email: "jo@example.net" }) {
    userErrors { message } } }`;
  const headers = { "content-type": "application/json", authorization: `Bearer ${process.env.BATON_TOKEN}` };
  const told = page.locator(".graphiql-response", { hasText: '"leadChanged"' });
  for (let tries = 0; (await told.count()) === 0 && tries < 50; tries += 1) {
    await fetch(`${origin}/graphql`, { method: "POST", headers, body: JSON.stringify({ query: submit }) });
    await told.waitFor({ timeout: 500 }).catch(() => undefined);
  }
  await shoot(page, "subscription");
  const answer = (await page.locator(".graphiql-response").innerText()).replaceAll("\u00a0", " ");
  assert.match(answer, /"state": "/);
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Execute query" }).waitFor();
  assert.deepEqual(seen.foreign, []);
  assert.deepEqual(seen.complaints, []);
});

test("a step of the story opens in the editor", async () => {
  const { page } = await open();
  const steps = page.locator(".story li button");
  assert.ok((await steps.count()) > 0, "the story has steps");
  await steps.first().click();
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  await shoot(page, "story");
  assert.ok((await page.locator(".graphiql-tab").count()) > 0);
});

test("a token in the link is taken out of the address, shown by name and role, and kept for this tab only", async () => {
  const token = unsignedToken({ name: "Ada Löve", role: "ADMIN", exp: 1 });
  const { page } = await open(`#token=${token}`);
  const person = page.locator(".person");
  assert.match(await person.innerText(), /Ada Löve\s*ADMIN\s*expired/);
  await shoot(page, "token");
  assert.equal(new URL(page.url()).hash, "");
  const kept = await page.evaluate(() => [sessionStorage.getItem("baton.token"), JSON.stringify(localStorage)]);
  assert.equal(kept[0], token);
  assert.ok(!kept[1].includes(token), "nothing lasting holds the token");
  await page.getByRole("button", { name: "Sign out" }).click();
  assert.equal(await page.evaluate(() => sessionStorage.getItem("baton.token")), null);
});
