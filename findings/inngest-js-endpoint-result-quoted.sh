#!/usr/bin/env bash
# Guess:    the user of a durable endpoint gets the handler's `Response`, at once or from the result URL.
# Fact:     with inngest 4.24.0 only at once. Of a run that went on in the background, Inngest gets status 200, the
#           content type JSON, and the text of the response as a JSON string: its status and headers are lost.
# Matters:  one endpoint answers in two ways, depending on whether a step slept or failed. A client that sees quoted
#           JSON looks for the proxy that encoded it.
# Versions: inngest 4.24.0 (npm). Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund inngest@4.24.0

cat >run.mjs <<'JS'
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Inngest, step } from 'inngest';
import { createEndpointServer, endpointAdapter } from 'inngest/node';

const key = 'ab'.repeat(32);
let stored;
// Inngest's API: takes a new run and its steps, and says to a re-entry that the sleep is over.
const api = createServer(async (request, response) => {
  const body = JSON.parse((await text(request)) || '{}');
  if (request.url === '/v1/checkpoint') stored = body;
  const { run_id, event, steps } = stored;
  const slept = Object.fromEntries(steps.map(({ id }) => [id, null]));
  const said = request.url.endsWith('/batch') ? [event] : request.url.endsWith('/actions') ? slept : { data: { fn_id: 'f', app_id: 'a', run_id, token: 't', realtime_token: 't' } };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(said));
});
const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));
const baseUrl = await listen(api);
const inngest = new Inngest({ id: 'app', isDev: false, signingKey: `signkey-test-${key}`, eventKey: 'e', baseUrl, endpointAdapter });
const app = createEndpointServer(inngest.endpoint(async (request) => {
  if (request.url.endsWith('/later')) await step.sleep('wait', '1s');
  return new Response('{"a":1}', { status: 201, headers: { 'content-type': 'application/json', 'x-own': '1' } });
}));
const url = await listen(app);

const now = await fetch(`${url}/now`);
console.log(`at once: ${now.status}, x-own ${now.headers.get('x-own')}, ${await now.text()}`);
await fetch(`${url}/later`, { redirect: 'manual' });
const t = Math.floor(Date.now() / 1000);
const s = createHmac('sha256', key).update(`${t}`).digest('hex');
const reEntry = await fetch(`${url}/later`, { headers: { 'x-run-id': stored.run_id, 'x-inngest-signature': `t=${t}&s=${s}` } });
const { op, data } = [await reEntry.json()].flat()[0];
console.log(`later: ${op}, ${data.status}, x-own ${data.headers['x-own'] ?? null}, ${data.body}`);
for (const server of [app, api]) {
  server.close();
  server.closeAllConnections();
}
JS

expected='at once: 201, x-own 1, {"a":1}
later: RunComplete, 200, x-own null, "{\"a\":1}"'
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
