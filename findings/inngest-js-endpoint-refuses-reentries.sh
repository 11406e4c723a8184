#!/usr/bin/env bash
# Guess:    a durable endpoint that took a user's request takes the re-entry with the same method and body, too.
# Fact:     Inngest's server signs the body of a re-entry as it was stored (`pkg/execution/driver/httpv2/util.go`). The
#           endpoint of inngest 4.24.0 verifies the canonical JSON of a POST or PUT, and an empty body for every other
#           method: JSON in another order or with spaces is a 401, a form a 500, a PATCH or DELETE with a body a 401.
# Matters:  the user is let in and the run never goes on. A gateway that verifies the raw bytes admits the re-entry and
#           has to forward them as they are: the refusal is the app's.
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
// Inngest's API: takes a new run and its steps, and gives a re-entry the steps so far.
const api = createServer(async (request, response) => {
  const body = await text(request);
  if (request.url === '/v1/checkpoint') stored = JSON.parse(body);
  const { run_id, event } = stored;
  const said = request.url.endsWith('/batch') ? [event] : request.url.endsWith('/actions') ? {} : { data: { fn_id: 'f', app_id: 'a', run_id, token: 't', realtime_token: 't' } };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(said));
});
const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));
const baseUrl = await listen(api);
const quiet = { info() {}, warn() {}, error() {}, debug() {} };
const inngest = new Inngest({ id: 'app', isDev: false, signingKey: `signkey-test-${key}`, eventKey: 'e', baseUrl, endpointAdapter, logger: quiet });
const app = createEndpointServer(inngest.endpoint(async () => {
  await step.sleep('wait', '1s');
  return new Response('done');
}));
const url = await listen(app);

const json = 'application/json';
for (const [method, type, body] of [
  ['POST', json, '{"a":1,"b":2}'],
  ['POST', json, '{"b":2,"a":1}'],
  ['POST', json, '{"a": 1}'],
  ['POST', 'application/x-www-form-urlencoded', 'a=1'],
  ['PUT', json, '{"a":1}'],
  ['PATCH', json, '{"a":1}'],
  ['DELETE', json, '{"a":1}'],
  ['DELETE', json, ''],
]) {
  const send = (headers) => fetch(url, { method, headers: { 'content-type': type, ...headers }, redirect: 'manual', ...(body && { body }) });
  const user = await send({});
  const t = Math.floor(Date.now() / 1000);
  const s = createHmac('sha256', key).update(`${stored.event.data.body}${t}`).digest('hex');
  const reEntry = await send({ 'x-run-id': stored.run_id, 'x-inngest-signature': `t=${t}&s=${s}` });
  console.log(`${method} ${body || 'without a body'}: user ${user.status}, re-entry ${reEntry.status}`);
}
for (const server of [app, api]) {
  server.close();
  server.closeAllConnections();
}
JS

expected='POST {"a":1,"b":2}: user 302, re-entry 206
POST {"b":2,"a":1}: user 302, re-entry 401
POST {"a": 1}: user 302, re-entry 401
POST a=1: user 302, re-entry 500
PUT {"a":1}: user 302, re-entry 206
PATCH {"a":1}: user 302, re-entry 401
DELETE {"a":1}: user 302, re-entry 401
DELETE without a body: user 302, re-entry 206'
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
