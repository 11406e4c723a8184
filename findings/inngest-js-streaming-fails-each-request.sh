#!/usr/bin/env bash
# Guess:    `streaming: true` on an adapter that cannot stream stops the app at its start: the documentation says that an error is
#           thrown.
# Fact:     inngest 4.24.0 starts. Introspection, sync and each function call are then a 500, "Streaming has been forced but the
#           serve handler does not support streaming"; a trust probe is a 200. So it is with the adapters edge, hono and all
#           others but cloudflare, express, next, node, remix and sveltekit.
# Matters:  a process that runs, a health check and even a trust probe say that the app is well, and no call of it works. Behind a
#           gateway all are admitted, so look at the status of the app, not at refusals.
# Versions: inngest 4.24.0 (npm). Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts inngest@4.24.0

cat >run.mjs <<'JS'
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { Inngest } from 'inngest';
import { serve as serveEdge } from 'inngest/edge';
import { serve as serveNode } from 'inngest/node';

const key = 'ab'.repeat(32);
const quiet = { info() {}, warn() {}, error() {}, debug() {} };
const client = new Inngest({ id: 'app', isDev: false, signingKey: `signkey-test-${key}`, eventKey: 'e', logger: quiet });
const fn = client.createFunction({ id: 'f', triggers: [{ event: 'seen' }] }, async () => 'done');
const options = { client, functions: [fn], streaming: true };

// In canonical order.
const event = { data: {}, name: 'seen' };
const ctx = { attempt: 0, run_id: 'r', stack: { current: 0, stack: [] } };
const call = JSON.stringify({ ctx, event, events: [event], steps: {}, use_api: false, version: 2 });
const sync = JSON.stringify({ url: 'http://127.0.0.1/api/inngest' });

function signed(body) {
  const t = Math.floor(Date.now() / 1000);
  const mac = createHmac('sha256', key).update(`${body}${t}`).digest('hex');
  return { 'content-type': 'application/json', 'x-inngest-signature': `t=${t}&s=${mac}`, 'x-inngest-sync-kind': 'in_band' };
}

async function statuses(send) {
  const requests = [
    ['GET', '', undefined],
    ['PUT', '', sync],
    ['POST', '?fnId=app-f&stepId=step', call],
    ['POST', '?probe=trust', '{}'],
  ];
  const all = [];
  for (const [method, query, body] of requests) {
    const response = await send(`/api/inngest${query}`, { method, headers: signed(body ?? ''), body });
    await response.text();
    all.push(response.status);
  }
  return all.join(' ');
}

const edge = serveEdge(options);
const asEdge = (target, init) =>
  edge(new Request(`http://app.example.com${target}`, { ...init, headers: { ...init.headers, host: 'app.example.com' } }));
console.log(`edge: GET, PUT, POST, probe: ${await statuses(asEdge)}`);

const server = createServer(serveNode(options));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const origin = `http://127.0.0.1:${server.address().port}`;
console.log(`node: GET, PUT, POST, probe: ${await statuses((target, init) => fetch(`${origin}${target}`, init))}`);
server.close();
server.closeAllConnections();
JS
node run.mjs | tee seen
diff seen - <<'EXPECTED'
edge: GET, PUT, POST, probe: 500 500 500 200
node: GET, PUT, POST, probe: 200 200 201 200
EXPECTED
echo 'as stated'
