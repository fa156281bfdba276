// The caller's token: where it is kept, and what it says about its owner.
//
// It lives in the tab's session storage only, so that it is gone when the tab is closed. The server alone decides
// whether it is valid: what is read from it here is for display.

const KEY = "baton.token";

export type Claims = { name: string; role: string | null; tenant: string | null; expiresAt: Date | null };

/** The token of `#token=…`, which the demo prints in a link, or the one kept from before. */
export function initialToken(): string {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("token");
  if (given !== null) {
    // Out of the address bar at once: it would stay in the history and on screenshots.
    history.replaceState(null, "", location.pathname + location.search);
    keepToken(given);
  }
  return (given ?? sessionStorage.getItem(KEY) ?? "").trim();
}

export function keepToken(token: string): void {
  if (token.trim() === "") sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token.trim());
}

/** What the token says; `null` if it is not a JSON Web Token. */
export function readClaims(token: string): Claims | null {
  const payload = token.split(".")[1];
  if (payload === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims: Record<string, unknown> = JSON.parse(new TextDecoder().decode(bytes));
    const text = (...names: string[]) => {
      for (const name of names) {
        const value = claims[name];
        if (typeof value === "string" && value !== "") return value;
        if (Array.isArray(value) && value.length > 0) return value.map(String).join(", ");
      }
      return null;
    };
    return {
      name: text("name", "email", "sub") ?? "unnamed",
      role: text("role", "roles"),
      tenant: text("tenant_name", "tenant"),
      expiresAt: typeof claims.exp === "number" ? new Date(claims.exp * 1000) : null,
    };
  } catch {
    return null;
  }
}
