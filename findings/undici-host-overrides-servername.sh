#!/usr/bin/env bash
# Guess:    undici takes the TLS server name from the origin it connects to, and `connect: { servername }` fixes it for good.
#           The Host field is a matter of HTTP.
# Fact:     a request's Host field becomes the TLS server name, and the certificate is checked against it, though the pool's
#           options say otherwise. A request with another Host than the last one gets a new connection.
#           Without a Host field the option holds.
# Matters:  a proxy that passes the public Host to an upstream by TLS gets ERR_TLS_CERT_ALTNAME_INVALID for an upstream
#           whose certificate is right; and where the certificate covers all names, alternating Hosts end keep-alive:
#           a handshake for each request, with nothing in the logs. A pool for each Host avoids it.
# Versions: undici 8.13.1 on Node 24.18.1 (both from npm); OpenSSL makes a certificate for the test.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund undici@8.13.1 node@24.18.1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
  -subj /CN=upstream.example -addext subjectAltName=DNS:upstream.example,DNS:a.example,DNS:b.example 2>/dev/null

cat >run.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Pool } from 'undici';

const cert = readFileSync('cert.pem');
const server = createServer({ cert, key: readFileSync('key.pem') }, (req, res) => res.end(String(req.socket.servername)));
server.on('tlsClientError', () => {});
let handshakes = 0;
server.on('secureConnection', () => (handshakes += 1));
await new Promise((done) => server.listen(0, '127.0.0.1', done));

const pool = new Pool(`https://127.0.0.1:${server.address().port}`, {
  connections: 1,
  connect: { ca: cert, servername: 'upstream.example' },
});
for (const host of [undefined, undefined, 'a.example', 'b.example', 'a.example', 'a.example', 'public.example']) {
  const before = handshakes;
  try {
    const response = await pool.request({ method: 'GET', path: '/', headers: host ? { host } : {} });
    const name = await response.body.text();
    console.log(`Host ${host}: server name ${name}, ${handshakes - before} new connections`);
  } catch (error) {
    console.log(`Host ${host}: ${error.code}`);
  }
}
process.exit(0);
JS

expected='Host undefined: server name upstream.example, 1 new connections
Host undefined: server name upstream.example, 0 new connections
Host a.example: server name a.example, 1 new connections
Host b.example: server name b.example, 1 new connections
Host a.example: server name a.example, 1 new connections
Host a.example: server name a.example, 0 new connections
Host public.example: ERR_TLS_CERT_ALTNAME_INVALID'
seen=$(node_modules/.bin/node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
