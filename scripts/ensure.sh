#!/usr/bin/env bash
# Makes sure that what a make target needs beyond Rust and Node is there: `ensure.sh postgresql chromium npm:<folder> …`.
# Installs Debian packages when it may (root, or sudo without a password) and otherwise says exactly what to install.
# Does nothing, and asks nothing of the network, for what is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

have_postgresql() {
  [ -n "${BATON_TEST_POSTGRES_URL:-}" ] || command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

have_chromium() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

install_packages() {
  local -r list="$*"
  echo "installing $list" >&2
  command -v apt-get >/dev/null || fail "$list"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || fail "$list"
  # shellcheck disable=SC2086  # one word per package
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $list >&2 || fail "$list"
}

fail() {
  echo "please install: $1    (Debian: sudo apt-get install $1)" >&2
  exit 1
}

# The packages of a folder, exactly as its lock file has them; again only when that has changed.
npm_packages() {
  local -r folder=$1
  [ -f "$folder/package-lock.json" ] || return 0
  command -v npm >/dev/null || fail 'nodejs npm'
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json" && return 0
  (cd "$folder" && npm ci --no-audit --no-fund)
  cp "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json"
}

missing=()
for need in "$@"; do
  case $need in
    postgresql) have_postgresql || missing+=(postgresql) ;;
    chromium) have_chromium || missing+=(chromium) ;;
    npm:*) ;;
    *) echo "ensure.sh: \`$need\` is unknown, use postgresql, chromium or npm:<folder>" >&2; exit 2 ;;
  esac
done
[ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
for need in "$@"; do
  case $need in npm:*) npm_packages "${need#npm:}" ;; esac
done
