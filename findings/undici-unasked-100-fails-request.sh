#!/usr/bin/env bash
# Guess:    a client skips interim responses that it does not wait for, as RFC 9110 15.2 demands: "A client MUST be able to
#           parse one or more 1xx responses received prior to a final response, even if the client does not expect one."
#           undici skips 102 and 103.
# Fact:     a `100 Continue` before the final response fails the request with "bad response" and ends the connection.
#           Node's own http client, curl and Go skip it.
# Matters:  an app that calls `writeContinue()` for every upload works with every other client. With undici, fetch included,
#           it looks broken, and a retry repeats a POST that the app has processed. A proxy must keep the app's 100 from
#           clients that did not send `Expect`.
# Versions: undici 8.13.1 on Node 24.21.0, whose fetch is undici 7 (both from npm).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund undici@8.13.1 node@24.21.0

cat >run.mjs <<'JS'
import { request as nodeRequest } from 'node:http';
import { createServer } from 'node:net';
import { request } from 'undici';

const interim = ['', '100 Continue', '102 Processing', '103 Early Hints'];
const clients = {
  'undici.request': async (url) => (await request(url, { method: 'POST', body: 'hi' })).body.text(),
  fetch: async (url) => (await fetch(url, { method: 'POST', body: 'hi' })).text(),
  'http.request': (url) =>
    new Promise((done, fail) => {
      const call = nodeRequest(url, { method: 'POST' }, async (response) => done((await response.toArray()).join('')));
      call.on('error', fail).end('hi');
    }),
};

for (const [name, call] of Object.entries(clients)) {
  for (const line of interim) {
    const server = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => {
        if (line !== '') socket.write(`HTTP/1.1 ${line}\r\n\r\n`);
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfinal');
      });
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const seen = await call(`http://127.0.0.1:${server.address().port}/`).catch((error) => `failed: ${(error.cause ?? error).message}`);
    console.log(`${name}, ${line || 'no interim response'}: ${seen}`);
    server.close();
  }
}
process.exit();
JS

expected='undici.request, no interim response: final
undici.request, 100 Continue: failed: bad response
undici.request, 102 Processing: final
undici.request, 103 Early Hints: final
fetch, no interim response: final
fetch, 100 Continue: failed: bad response
fetch, 102 Processing: final
fetch, 103 Early Hints: final
http.request, no interim response: final
http.request, 100 Continue: final
http.request, 102 Processing: final
http.request, 103 Early Hints: final'
seen=$(node_modules/.bin/node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
