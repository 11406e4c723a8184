#!/usr/bin/env bash
# Guess:    the usual LRU on a Map, get + delete + set to move a key to the end, costs the same whatever the map's size and
#           whichever key is used.
# Fact:     V8 keeps a deleted entry in the chain of its bucket until the table is rebuilt, and set() of a key that is not there
#           walks the whole chain. One hot key leaves all the deleted entries in one chain: moving it costs in
#           proportion to the map's free room, about a hundred times more in a map of 50000 keys than in one of 500.
#           Taking turns over all keys of the same map stays cheap, so a benchmark with spread keys does not show it.
# Matters:  caches, rate limiters and stores of a gateway are such maps, and their hot key is the busiest client: raising
#           the bound from hundreds to tens of thousands "because memory allows it" makes each of its calls cost tens of
#           microseconds on the event loop. Do not move a key that is the newest already, or use a linked list.
# Versions: Node 24.18.1 and 26.10.0 (npm). The costs are compared within one run; only their ratio counts.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
for version in 24.18.1 26.10.0; do
  npm install --silent --no-audit --no-fund --prefix "$dir/$version" "node@$version"
done

cat >run.mjs <<'JS'
function cost(size, used) {
  const map = new Map();
  for (let i = 0; i < size; i++) map.set(`key-${i}`, { i });
  const rounds = 100_000;
  const before = process.cpuUsage();
  for (let i = 0; i < rounds; i++) {
    const key = `key-${i % used}`;
    const value = map.get(key);
    map.delete(key);
    map.set(key, value);
  }
  const { user, system } = process.cpuUsage(before);
  return Math.max(1, ((user + system) * 1000) / rounds);
}

cost(500, 1);
const hot = cost(50_000, 1);
const small = cost(500, 1);
const spread = cost(50_000, 50_000);
const ns = (value) => `${value.toFixed(0)} ns`;
console.error(`measured: hot key of 50000 ${ns(hot)}, hot key of 500 ${ns(small)}, all keys of 50000 in turn ${ns(spread)}`);
console.log(`Node ${process.version}: hot key of 50000 over 20 times a hot key of 500: ${hot > 20 * small}`);
console.log(`Node ${process.version}: hot key of 50000 over 10 times all its keys in turn: ${hot > 10 * spread}`);
JS

expected='Node v24.18.1: hot key of 50000 over 20 times a hot key of 500: true
Node v24.18.1: hot key of 50000 over 10 times all its keys in turn: true
Node v26.10.0: hot key of 50000 over 20 times a hot key of 500: true
Node v26.10.0: hot key of 50000 over 10 times all its keys in turn: true'
seen=$(for version in 24.18.1 26.10.0; do "$version/node_modules/.bin/node" run.mjs; done)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
