#!/usr/bin/env bash
# Guess:    the options of inngest's Fastify plugin stand side by side, as in its `serve({ client, functions, serveOrigin })`.
# Fact:     the plugin reads only `client`, `functions` and `options`. `serveOrigin` and `servePath` beside them are dropped
#           without a word: the app registers http:// and the default path, and serves that path only. Inside `options`
#           they work, and so does `serve` of the same module.
# Matters:  `serveOrigin` is the remedy for an app behind a proxy that ends TLS. Written one level too high it changes
#           nothing, and no log line says so. Check the URL that the app registered, not its configuration.
# Versions: inngest 4.24.0, fastify 5.12.8 (npm). Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund inngest@4.24.0 fastify@5.12.8

cat >run.mjs <<'JS'
import { createServer } from 'node:http';
import fastify from 'fastify';
import { Inngest } from 'inngest';
import plugin, { serve } from 'inngest/fastify';

let registered;
const api = createServer((req, res) => {
  let text = '';
  req.on('data', (part) => (text += part));
  req.on('end', () => {
    registered = JSON.parse(text).url;
    res.setHeader('content-type', 'application/json');
    res.end('{"ok":true,"modified":true}');
  });
});
await new Promise((done) => api.listen(0, '127.0.0.1', done));

const lines = [];
const log = (...parts) => lines.push(parts);
const client = new Inngest({
  id: 'app',
  isDev: false,
  signingKey: `signkey-test-${'ab'.repeat(32)}`,
  eventKey: 'e',
  baseUrl: `http://127.0.0.1:${api.address().port}`,
  logger: { info() {}, debug() {}, warn: log, error: log },
});
const functions = [client.createFunction({ id: 'f', triggers: [{ event: 'seen' }] }, async () => 'done')];
const where = { serveOrigin: 'https://app.example', servePath: '/in' };

async function show(how, register) {
  const app = fastify();
  register(app);
  await app.ready();
  for (const url of ['/in', '/api/inngest']) {
    registered = 'nothing';
    const { statusCode } = await app.inject({ method: 'PUT', url, headers: { host: 'app.example' } });
    console.log(`${how}, PUT ${url}: ${statusCode}, registered ${registered}`);
  }
  await app.close();
}

await show('beside', (app) => app.register(plugin, { client, functions, ...where }));
await show('in options', (app) => app.register(plugin, { client, functions, options: where }));
await show('serve', (app) => {
  app.route({ method: ['GET', 'POST', 'PUT'], url: where.servePath, handler: serve({ client, functions, ...where }) });
});
console.log(`warnings and errors in the log: ${lines.length}`);
process.exit(0);
JS

expected='beside, PUT /in: 404, registered nothing
beside, PUT /api/inngest: 200, registered http://app.example/api/inngest
in options, PUT /in: 200, registered https://app.example/in
in options, PUT /api/inngest: 404, registered nothing
serve, PUT /in: 200, registered https://app.example/in
serve, PUT /api/inngest: 404, registered nothing
warnings and errors in the log: 0'
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
