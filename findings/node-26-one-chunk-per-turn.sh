#!/usr/bin/env bash
# Guess:    each `response.write` makes one chunk of the chunked coding, on every Node.
# Fact:     that holds on Node 24. On Node 26 all that is written in one turn of the event loop, with the data of `end`, goes
#           into one chunk; only a turn in between separates two.
# Matters:  a body's bytes are the same, its framing is not. Tests that compare raw responses, byte counters of a proxy and
#           clients that take a chunk for a message (NDJSON, progress lines) see a change from an update of Node alone.
# Versions: Node 24.18.1 and 26.10.0 (npm).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
for version in 24.18.1 26.10.0; do
  npm install --silent --no-audit --no-fund --prefix "$dir/$version" "node@$version"
done

cat >run.mjs <<'JS'
import { createServer } from 'node:http';
import { connect } from 'node:net';

const ways = {
  'write, end with data': (res) => {
    res.write('one');
    res.end('two');
  },
  'write, write, end with data': (res) => {
    res.write('one');
    res.write('two');
    res.end('three');
  },
  'write, write, end without data': (res) => {
    res.write('one');
    res.write('two');
    res.end();
  },
  'write, write, a turn later end': (res) => {
    res.write('one');
    res.write('two');
    setImmediate(() => res.end());
  },
  'write, a turn later end with data': (res) => {
    res.write('one');
    setImmediate(() => res.end('two'));
  },
};

for (const [name, way] of Object.entries(ways)) {
  const server = createServer((req, res) => way(res));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const socket = connect(server.address().port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const part of socket) text += part;
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  console.log(`Node ${process.version}, ${name}: ${body.trim().split('\r\n').join(' ')}`);
  server.close();
}
JS

expected='Node v24.18.1, write, end with data: 3 one 3 two 0
Node v24.18.1, write, write, end with data: 3 one 3 two 5 three 0
Node v24.18.1, write, write, end without data: 3 one 3 two 0
Node v24.18.1, write, write, a turn later end: 3 one 3 two 0
Node v24.18.1, write, a turn later end with data: 3 one 3 two 0
Node v26.10.0, write, end with data: 6 onetwo 0
Node v26.10.0, write, write, end with data: b onetwothree 0
Node v26.10.0, write, write, end without data: 6 onetwo 0
Node v26.10.0, write, write, a turn later end: 6 onetwo 0
Node v26.10.0, write, a turn later end with data: 3 one 3 two 0'
seen=$(for version in 24.18.1 26.10.0; do "$version/node_modules/.bin/node" run.mjs; done)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
