#!/usr/bin/env bash
# Guess:    a pool keeps its connection behind a HEAD as behind a GET: the response has no body, so its end is certain.
# Fact:     undici closes the connection after each response to a HEAD, unless the request says `reset: false`. A 304 with
#           a Content-Length, which RFC 9110 8.6 allows, ends it too.
# Matters:  health checks, link checkers and a proxy that forwards HEAD pay for a connection, and for a handshake with TLS,
#           each time, although keep-alive is configured and GET shows that it works. Set `reset: false` for HEAD.
# Versions: undici 8.13.1 on Node 24.21.0 (both from npm).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund undici@8.13.1 node@24.21.0

cat >run.mjs <<'JS'
import { createServer } from 'node:http';
import { Pool } from 'undici';

const server = createServer((req, res) => {
  res.writeHead(req.url === '/304' ? 304 : 200, { 'Content-Length': 2 });
  res.end(req.method === 'HEAD' || req.url === '/304' ? undefined : 'hi');
});
let connections = 0;
server.on('connection', () => (connections += 1));
await new Promise((done) => server.listen(0, '127.0.0.1', done));

const kinds = {
  GET: { method: 'GET', path: '/' },
  HEAD: { method: 'HEAD', path: '/' },
  'HEAD with reset: false': { method: 'HEAD', path: '/', reset: false },
  'GET that is a 304': { method: 'GET', path: '/304' },
};
for (const [name, options] of Object.entries(kinds)) {
  const pool = new Pool(`http://127.0.0.1:${server.address().port}`, { connections: 1 });
  const before = connections;
  for (let i = 0; i < 5; i += 1) {
    const { body } = await pool.request(options);
    await body.dump();
    await new Promise((done) => setTimeout(done, 50));
  }
  console.log(`5 times ${name}: ${connections - before} connections`);
  await pool.close();
}
server.close();
JS

expected='5 times GET: 1 connections
5 times HEAD: 5 connections
5 times HEAD with reset: false: 1 connections
5 times GET that is a 304: 5 connections'
seen=$(node_modules/.bin/node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
