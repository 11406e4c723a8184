#!/usr/bin/env bash
# Guess:    an Inngest app that refuses a call answers 401, whatever `streaming` is set to.
# Fact:     with `streaming: true` every function call gets status 201, whatever the check of its signature finds, and the
#           header `x-inngest-sdk`. The refusal is in the body: {"status":401,…}. A trust probe, also a POST, and a GET are
#           not streamed: for the same late signature one app answers 201 and 401 at once.
# Matters:  status codes of such an app say nothing: logs, alerts, balancers and probes that count 4xx see 201 for each
#           refused call. A gateway's own 401 is then the only one that a monitor can see, and a gateway must not read
#           an app's 2xx as "the signature was accepted". The call here is honest and merely late (ten minutes).
# Versions: inngest 4.24.0 (npm), its adapter for node:http. Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund inngest@4.24.0

cat >run.mjs <<'JS'
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { Inngest } from 'inngest';
import { serve } from 'inngest/node';

const key = 'ab'.repeat(32);
const quiet = { info() {}, warn() {}, error() {}, debug() {} };

function sign(body, age) {
  const t = Math.floor(Date.now() / 1000) - age;
  return `t=${t}&s=${createHmac('sha256', key).update(`${body}${t}`).digest('hex')}`;
}

const event = { data: {}, name: 'seen' };
const body = JSON.stringify({
  ctx: { attempt: 0, run_id: 'r', stack: { current: 0, stack: [] } },
  event,
  events: [event],
  steps: {},
  use_api: false,
  version: 2,
});

for (const streaming of [false, true]) {
  const client = new Inngest({ id: 'app', isDev: false, signingKey: `signkey-test-${key}`, eventKey: 'e', logger: quiet });
  const fn = client.createFunction({ id: 'f', triggers: [{ event: 'seen' }] }, async () => 'done');
  const server = createServer(serve({ client, functions: [fn], streaming }));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${server.address().port}/api/inngest?fnId=app-f&stepId=step`;
  for (const [what, age] of [['fresh', 0], ['late', 600]]) {
    const headers = { 'content-type': 'application/json', 'x-inngest-signature': sign(body, age) };
    const response = await fetch(url, { method: 'POST', headers, body });
    const text = (await response.text()).trim();
    const inner = streaming ? `, status in the body ${JSON.parse(text).status}` : '';
    const sdk = response.headers.has('x-inngest-sdk') ? 'with' : 'without';
    console.log(`streaming ${streaming}, ${what} POST: ${response.status}${inner}, ${sdk} x-inngest-sdk`);
  }
  for (const [what, age] of [['fresh', 0], ['late', 600]]) {
    const headers = { 'content-type': 'application/json', 'x-inngest-signature': sign(body, age) };
    const probe = await fetch(url.replace(/\?.*/, '?probe=trust'), { method: 'POST', headers, body });
    await probe.text();
    console.log(`streaming ${streaming}, ${what} trust probe: ${probe.status}`);
  }
  const get = await fetch(url);
  await get.text();
  console.log(`streaming ${streaming}, unsigned GET: ${get.status}`);
  server.close();
  server.closeAllConnections();
}
JS

expected='streaming false, fresh POST: 200, with x-inngest-sdk
streaming false, late POST: 401, without x-inngest-sdk
streaming false, fresh trust probe: 200
streaming false, late trust probe: 401
streaming false, unsigned GET: 401
streaming true, fresh POST: 201, status in the body 200, with x-inngest-sdk
streaming true, late POST: 201, status in the body 401, with x-inngest-sdk
streaming true, fresh trust probe: 200
streaming true, late trust probe: 401
streaming true, unsigned GET: 401'
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
