// Runs the audits of graphql-http with a token.
import { auditServer } from "graphql-http";

/** How many audits the pinned version has: fewer would mean that some were not run. */
export const AUDITS = 61;

/** The results of all audits against `url`, a server's origin or its GraphQL endpoint. */
export function audit(url, token) {
  const endpoint = new URL(url);
  if (endpoint.pathname === "/") endpoint.pathname = "/graphql";
  const fetchFn = (input, init = {}) =>
    fetch(input, token ? { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } } : init);
  return auditServer({ url: endpoint.href, fetchFn });
}
