// Audits the server given as the first argument (or in BATON_URL), prints each audit, and fails if one does.
// A token in BATON_TOKEN is sent as the bearer.
import { AUDITS, audit } from "./audit.mjs";

const url = process.argv[2] ?? process.env.BATON_URL;
if (!url) {
  console.error("give the server: node run.mjs http://127.0.0.1:4000");
  process.exit(2);
}

const results = await audit(url, process.env.BATON_TOKEN);
for (const { id, name, status, reason } of results) {
  console.log(status === "ok" ? `pass  ${id}  ${name}` : `${status.toUpperCase()}  ${id}  ${name}: ${reason}`);
}
const passed = results.filter(({ status }) => status === "ok").length;
console.log(`${passed} of ${results.length} audits pass`);
process.exit(passed === AUDITS && results.length === AUDITS ? 0 : 1);
