#!/usr/bin/env bash
# Guess:    `maxKeys` bounds the live keys of node-cache: setting a key that is there already needs no room, and a key whose
#           TTL has passed makes room.
# Fact:     at the bound every set() throws, for a key that exists too, so a value or TTL cannot even be renewed. Expired
#           keys count until somebody reads exactly them, or until the sweep, every 600 seconds by default.
# Matters:  as a store of used signatures with a TTL it is full long before it holds `maxKeys` live entries, and stays so
#           for up to ten minutes: a burst of a few seconds makes a gateway refuse calls for minutes. Size such a store for
#           the rate times (TTL + checkperiod).
# Versions: node-cache 5.1.2 (npm). Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node-cache@5.1.2

cat >run.cjs <<'JS'
const NodeCache = require('node-cache');

const cache = new NodeCache({ stdTTL: 1, maxKeys: 2 });

function set(what, key) {
  try {
    console.log(`${what}: ${cache.set(key, 1)}`);
  } catch (error) {
    console.log(`${what}: ${error.message}`);
  }
}

console.log(`sweep every ${cache.options.checkperiod} s`);
set('first key', 'a');
set('second key', 'b');
set('first key again', 'a');
setTimeout(() => {
  console.log(`two seconds later, TTL 1 s: ${cache.keys().length} keys`);
  set('third key', 'c');
  console.log(`has the first key: ${cache.has('a')}`);
  set('third key after that read', 'c');
  cache.close();
}, 2000);
JS

expected='sweep every 600 s
first key: true
second key: true
first key again: Cache max keys amount exceeded
two seconds later, TTL 1 s: 2 keys
third key: Cache max keys amount exceeded
has the first key: false
third key after that read: true'
seen=$(node run.cjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
