#!/usr/bin/env bash
# Runs a command beside a real server: `with-server.sh <baton> <command …>`. The server has a new SQLite file in a temporary folder,
# one tenant, and a free port of the loopback; the command finds it in BATON_URL and an admin's token in BATON_TOKEN.
set -euo pipefail
baton=$(realpath "$1")
shift

folder=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
  rm -rf "$folder"
}
trap stop EXIT

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
export BATON_DATABASE__URL="sqlite://$folder/baton.sqlite"
export BATON_AUTH__SECRET=$(head -c 32 /dev/urandom | base64)
export BATON_SECRETS__KEY=$(head -c 32 /dev/urandom | base64)
export BATON_SERVER__LISTEN="127.0.0.1:$port"
export BATON_SERVER__PUBLIC_URL="http://127.0.0.1:$port"

"$baton" migrate >/dev/null
tenant=$("$baton" tenant create --slug audits --name Audits | grep -o 'ten_[0-9a-f]*' | head -1)
BATON_TOKEN=$("$baton" token --tenant "$tenant" --role admin)
export BATON_TOKEN BATON_URL="http://127.0.0.1:$port"
"$baton" serve 2>"$folder/log" &
server=$!
# Ready within seconds, or it says why not.
node -e '
  const until = Date.now() + 30_000;
  const ask = () => fetch(process.env.BATON_URL + "/readyz").then((answer) => { if (!answer.ok) throw answer; }, (error) => { throw error; });
  const again = () => ask().catch(() => { if (Date.now() > until) process.exit(1); setTimeout(again, 100); });
  again();
' || { cat "$folder/log" >&2; exit 1; }
"$@"
