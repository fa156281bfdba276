// The page: the token bar, and GraphiQL under it speaking to this server's /graphql.
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { useEffect, useMemo, useState } from "react";
import { STORY } from "./story";
import { STORY_PLUGIN } from "./StoryPane";
import { initialToken, keepToken } from "./token";
import { TokenBar } from "./TokenBar";

const PLUGINS = [STORY_PLUGIN, HISTORY_PLUGIN];
const TABS = STORY.map(({ query, variables }) => ({ query, variables }));

export function App() {
  const [token, setToken] = useState(initialToken);
  // Subscriptions go over a socket at the same address; it is opened with the first one and closed with the last.
  const socket = useMemo(
    () =>
      createClient({
        url: new URL("/graphql", location.href).href.replace(/^http/, "ws"),
        connectionParams: token === "" ? {} : { token },
      }),
    [token],
  );
  useEffect(() => () => void socket.dispose(), [socket]);
  // A new fetcher makes GraphiQL read the schema again: another token may see another one.
  const fetcher = useMemo(
    () =>
      createGraphiQLFetcher({
        url: new URL("/graphql", location.href).href,
        headers: token === "" ? {} : { authorization: `Bearer ${token}` },
        wsClient: socket,
      }),
    [token, socket],
  );

  function changeToken(changed: string): void {
    keepToken(changed);
    setToken(changed);
  }

  return (
    <div className="page">
      <TokenBar token={token} onChange={changeToken} />
      <main>
        <GraphiQL
          fetcher={fetcher}
          defaultTabs={TABS}
          plugins={PLUGINS}
          visiblePlugin={STORY_PLUGIN}
          defaultEditorToolsVisibility="variables"
          inputValueDeprecation
        >
          <GraphiQL.Logo>
            <span />
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </div>
  );
}
