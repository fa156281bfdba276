// The bar above the editor: who you are, and the field where the token is changed.
import { useState } from "react";
import { readClaims } from "./token";

type Properties = { token: string; onChange: (token: string) => void };

export function TokenBar({ token, onChange }: Properties) {
  const [editing, setEditing] = useState(false);
  const [draft, setDraft] = useState(token);

  function edit(): void {
    setDraft(token);
    setEditing(true);
  }

  function use(value: string): void {
    onChange(value.replace(/^Bearer\s+/i, "").trim());
    setEditing(false);
  }

  return (
    <header className="bar">
      <a className="brand" href="/playground">
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="26" height="26" />
        <span>Baton</span>
        <small>playground</small>
      </a>
      {editing ? (
        <form
          className="token"
          onSubmit={(event) => {
            event.preventDefault();
            use(draft);
          }}
        >
          <label htmlFor="token">Token</label>
          <input
            id="token"
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            placeholder="paste a token: `baton token` prints one"
            autoComplete="off"
            spellCheck={false}
            autoFocus
          />
          <button type="submit">Use</button>
          <button type="button" className="quiet" onClick={() => setEditing(false)}>
            Cancel
          </button>
        </form>
      ) : (
        <div className="who">
          <Who token={token} />
          <button type="button" onClick={edit}>
            {token === "" ? "Set token" : "Change token"}
          </button>
          {token !== "" && (
            <button type="button" className="quiet" onClick={() => use("")}>
              Sign out
            </button>
          )}
        </div>
      )}
    </header>
  );
}

function Who({ token }: { token: string }) {
  if (token === "") return <span className="person missing">No token: the server will refuse most requests</span>;
  const claims = readClaims(token);
  if (claims === null) return <span className="person missing">This token is not a JSON Web Token</span>;
  const expired = claims.expiresAt !== null && claims.expiresAt.getTime() < Date.now();
  return (
    <span className="person" title={claims.expiresAt ? `valid until ${claims.expiresAt.toLocaleString()}` : undefined}>
      <b>{claims.name}</b>
      {claims.role !== null && <em>{claims.role}</em>}
      {claims.tenant !== null && <span className="tenant">{claims.tenant}</span>}
      {expired && <em className="expired">expired</em>}
    </span>
  );
}
