#!/usr/bin/env bash
# Guess:    a Redis cluster of one node that reports `cluster_state:ok` can be used by every cluster client, and a client that
#           finds no node says so.
# Fact:     until the node knows its own address (another node has met it, or `cluster-announce-ip`), CLUSTER SLOTS has an
#           empty host. By Redis's documentation that means "the address you asked"; redis-cli reads it so, ioredis
#           skips the node. It then connects, closes and reconnects without end: commands stay pending, and no `error`
#           and no `end` is ever emitted.
# Matters:  one node in cluster mode is what test and staging setups run. A service that waits for `ready` hangs there, with
#           nothing in its log. Set `cluster-announce-ip`, and give commands a time limit of your own.
# Versions: ioredis 6.0.0 (npm), Redis 7.0.15 as installed. Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || { kill "$pid"; wait "$pid" || true; }; rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund ioredis@6.0.0
# The cluster bus listens on the port + 10000: both must be free and at most 65535.
port=$(node -e '
const { createServer } = require("node:net");
const server = createServer().listen(0, "127.0.0.1", () => {
  console.log(10000 + (server.address().port % 10000));
  server.close();
})')
redis-server --port "$port" --bind 127.0.0.1 --cluster-enabled yes --save '' >redis.log &
pid=$!
cli() { redis-cli -h 127.0.0.1 -p "$port" "$@"; }
until cli ping >/dev/null 2>&1; do kill -0 "$pid" || { cat redis.log; exit 1; }; sleep 0.1; done
cli cluster addslotsrange 0 16383 >/dev/null
until cli cluster info | grep -q cluster_state:ok; do sleep 0.1; done

cat >run.mjs <<'JS'
import { Cluster } from 'ioredis';

const counts = {};
const cluster = new Cluster([{ host: '127.0.0.1', port: Number(process.argv[2]) }]);
for (const name of ['ready', 'error', 'node error', 'end', 'reconnecting']) {
  counts[name] = 0;
  cluster.on(name, () => counts[name]++);
}
const get = cluster.get('key').then(
  (value) => `answered ${value}`,
  (error) => `failed: ${error.message}`,
);
const late = new Promise((done) => setTimeout(done, 8000, 'pending after 8 s'));
const result = await Promise.race([get, late]);
const { ready, error, end, reconnecting } = counts;
console.log(`ioredis: ${result}; ready ${ready}, error ${error + counts['node error']}, end ${end}`);
console.log(`ioredis reconnected more than twice: ${reconnecting > 2}`);
process.exit(0);
JS

show() {
  echo "$1: host in CLUSTER SLOTS '$(cli cluster slots | sed -n 3p)', $(cli cluster info | head -1 | tr -d '\r')"
  echo "redis-cli -c: '$(cli -c get key)'"
  node run.mjs "$port"
}

expected="as started: host in CLUSTER SLOTS '', cluster_state:ok
redis-cli -c: ''
ioredis: pending after 8 s; ready 0, error 0, end 0
ioredis reconnected more than twice: true
cluster-announce-ip: host in CLUSTER SLOTS '127.0.0.1', cluster_state:ok
redis-cli -c: ''
ioredis: answered null; ready 1, error 0, end 0
ioredis reconnected more than twice: false"
seen=$(
  show 'as started'
  cli config set cluster-announce-ip 127.0.0.1 >/dev/null
  until cli cluster slots | grep -q '^127.0.0.1'; do sleep 0.1; done
  show cluster-announce-ip
)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
