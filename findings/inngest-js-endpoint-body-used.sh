#!/usr/bin/env bash
# Guess:    the handler of a durable endpoint (`inngest.endpoint`) can read the body of the request that it is given.
# Fact:     inngest 4.24.0 has read it by then, without cloning the request: every way to read it fails. The body of a
#           request that has none reads as empty. Node and edge adapter alike.
# Matters:  an endpoint that takes a POST works only if it needs nothing of the body. With a proxy in front of it, the
#           proxy is suspected of it first.
# Versions: inngest 4.24.0 (npm). Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund inngest@4.24.0

cat >run.mjs <<'JS'
import { createServer } from 'node:http';
import { Inngest } from 'inngest';
import * as edge from 'inngest/edge';
import * as node from 'inngest/node';

// Inngest's API, as far as an endpoint that takes no steps needs it: it takes the result.
const api = createServer((request, response) => {
  request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{"data":{"fn_id":"f","app_id":"a","run_id":"r","token":"t","realtime_token":"t"}}'));
});
await new Promise((done) => api.listen(0, '127.0.0.1', done));

const handler = (read) => async (request) => new Response(JSON.stringify(await read(request).catch((error) => error.name)));
const reads = { text: (request) => request.text(), json: (request) => request.json(), 'clone().text': async (request) => request.clone().text() };
for (const [adapter, { endpointAdapter }] of Object.entries({ node, edge })) {
  const inngest = new Inngest({ id: 'app', isDev: false, signingKey: `signkey-test-${'ab'.repeat(32)}`, eventKey: 'e', baseUrl: `http://127.0.0.1:${api.address().port}`, endpointAdapter });
  for (const [name, read] of Object.entries(reads)) {
    const endpoint = inngest.endpoint(handler(read));
    const response = await endpoint(new Request('http://localhost/orders', { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json', host: 'localhost' } }));
    console.log(`${adapter}, ${name}(): ${JSON.parse(await response.text())}`);
  }
}
api.close();
api.closeAllConnections();
JS

expected='node, text(): TypeError
node, json(): TypeError
node, clone().text(): TypeError
edge, text(): TypeError
edge, json(): TypeError
edge, clone().text(): TypeError'
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
