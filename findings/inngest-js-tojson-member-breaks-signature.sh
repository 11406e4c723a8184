#!/usr/bin/env bash
# Guess:    the SDK verifies a signature over the RFC 8785 form, so the order of members on the wire never matters.
# Fact:     inngest 4.24.0 depends on canonicalize ^1.0.8, which leaves any object alone that has a member named `toJSON` (a name
#           like another in JSON; null is exempt): its members stay in the order received. canonicalize 2.1.0 and later
#           look for a function and are right.
# Matters:  an event whose data has such a member is refused (401) when a hop has re-encoded the body in another order,
#           while every other event survives the same hop. A gateway that verifies by RFC 8785 accepts the call and the
#           app behind it then refuses it, unless the gateway forwards the canonical bytes.
# Versions: inngest 4.24.0, canonicalize 1.0.8 and 2.1.0 (npm). Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund inngest@4.24.0 pinned@npm:canonicalize@1.0.8 later@npm:canonicalize@2.1.0

cat >run.mjs <<'JS'
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Inngest } from 'inngest';
import { serve } from 'inngest/node';
import later from 'later';
import pinned from 'pinned';

const version = JSON.parse(readFileSync('node_modules/inngest/package.json')).dependencies.canonicalize;
console.log(`inngest depends on canonicalize ${version}`);
const object = { b: 1, a: 2, toJSON: true };
console.log(`1.0.8: ${pinned(object)}`);
console.log(`2.1.0: ${later(object)}`);

const key = 'ab'.repeat(32);
const quiet = { info() {}, warn() {}, error() {}, debug() {} };
const client = new Inngest({ id: 'app', isDev: false, signingKey: `signkey-test-${key}`, eventKey: 'e', logger: quiet });
const fn = client.createFunction({ id: 'f', triggers: [{ event: 'seen' }] }, async () => 'done');
const server = createServer(serve({ client, functions: [fn] }));
await new Promise((done) => server.listen(0, '127.0.0.1', done));

async function call(data, encode) {
  const event = { name: 'seen', data };
  const ctx = { attempt: 0, run_id: 'r', stack: { current: 0, stack: [] } };
  const value = { ctx, event, events: [event], steps: {}, use_api: false, version: 2 };
  const t = Math.floor(Date.now() / 1000);
  const mac = createHmac('sha256', key).update(`${later(value)}${t}`).digest('hex');
  const response = await fetch(`http://127.0.0.1:${server.address().port}/api/inngest?fnId=app-f&stepId=step`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-inngest-signature': `t=${t}&s=${mac}` },
    body: encode(value),
  });
  await response.text();
  return response.status;
}

const events = { 'no such member': { b: 1, a: 2 }, 'toJSON: true': object, 'toJSON: null': { b: 1, a: 2, toJSON: null } };
for (const [name, data] of Object.entries(events)) {
  console.log(`${name}: canonical bytes ${await call(data, later)}, another order ${await call(data, JSON.stringify)}`);
}
server.close();
server.closeAllConnections();
JS

expected='inngest depends on canonicalize ^1.0.8
1.0.8: {"b":1,"a":2,"toJSON":true}
2.1.0: {"a":2,"b":1,"toJSON":true}
no such member: canonical bytes 200, another order 200
toJSON: true: canonical bytes 200, another order 401
toJSON: null: canonical bytes 200, another order 200'
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
