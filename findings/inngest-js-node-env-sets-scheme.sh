#!/usr/bin/env bash
# Guess:    the scheme that an app registers comes from its connection, from `X-Forwarded-Proto` or from a setting of its own.
# Fact:     the adapters for h3, Nitro (and so Nuxt) and the Pages Router of Next.js take it from NODE_ENV alone: https in
#           production, behind plain http and a proxy that says so too. They differ when it is not set: http for h3 and
#           Nitro, https for Next.js; and `dev` means http for the former only.
# Matters:  an image with NODE_ENV=production on a network of plain http registers https, and no call arrives; a start
#           script that forgets NODE_ENV registers http from an h3 app, and a proxy's redirect to https loses the POST.
#           Neither a proxy nor a gateway can mend it by headers: set INNGEST_SERVE_ORIGIN.
# Versions: inngest 4.24.0, h3 1.15.11 (npm). Node 20 or later. Next.js is not installed: its handler is called as the Pages
#           Router calls it, with Node's request and response plus `query`, `body`, `status()` and `send()`.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund inngest@4.24.0 h3@1.15.11

cat >run.mjs <<'JS'
import { createServer, request } from 'node:http';
import { createApp, createRouter, eventHandler, toNodeListener } from 'h3';
import { Inngest } from 'inngest';

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
await listen(api);

const client = new Inngest({
  id: 'app',
  isDev: false,
  signingKey: `signkey-test-${'ab'.repeat(32)}`,
  eventKey: 'e',
  baseUrl: `http://127.0.0.1:${api.address().port}`,
  logger: { info() {}, warn() {}, error() {}, debug() {} },
});
const functions = [client.createFunction({ id: 'f', triggers: [{ event: 'seen' }] }, async () => 'done')];

async function handler(name) {
  return (await import(`inngest/${name}`)).serve({ client, functions });
}

async function withH3(name) {
  const app = createApp();
  app.use(createRouter().use('/api/inngest', eventHandler(await handler(name))));
  return createServer(toNodeListener(app));
}

async function withPagesRouter() {
  const route = await handler('next');
  return createServer((req, res) => {
    Object.assign(req, { query: {}, body: '' });
    res.status = (code) => Object.assign(res, { statusCode: code });
    res.send = (body) => res.end(body);
    route(req, res);
  });
}

function listen(server) {
  return new Promise((done) => server.listen(0, '127.0.0.1', done));
}

function sync(port, proto) {
  const headers = { host: 'app.example', 'x-forwarded-proto': proto, 'content-length': 0 };
  return new Promise((done, fail) => {
    const req = request({ host: '127.0.0.1', port, method: 'PUT', path: '/api/inngest', headers }, (res) => {
      res.resume().on('end', () => done(res.statusCode));
    });
    req.on('error', fail).end();
  });
}

const servers = { h3: await withH3('h3'), Nitro: await withH3('nitro'), 'Next.js': await withPagesRouter() };
for (const [name, server] of Object.entries(servers)) {
  await listen(server);
  for (const value of ['production', undefined, 'dev', 'development']) {
    if (value) process.env.NODE_ENV = value;
    else delete process.env.NODE_ENV;
    const seen = [];
    for (const proto of ['http', 'https']) {
      registered = 'nothing';
      const status = await sync(server.address().port, proto);
      seen.push(`${status} ${registered.split('/')[0]}`);
    }
    console.log(`${name}, NODE_ENV ${value ?? 'not set'}: proxy says http ${seen[0]}, https ${seen[1]}`);
  }
}
process.exit(0);
JS

expected='h3, NODE_ENV production: proxy says http 200 https:, https 200 https:
h3, NODE_ENV not set: proxy says http 200 http:, https 200 http:
h3, NODE_ENV dev: proxy says http 200 http:, https 200 http:
h3, NODE_ENV development: proxy says http 200 http:, https 200 http:
Nitro, NODE_ENV production: proxy says http 200 https:, https 200 https:
Nitro, NODE_ENV not set: proxy says http 200 http:, https 200 http:
Nitro, NODE_ENV dev: proxy says http 200 http:, https 200 http:
Nitro, NODE_ENV development: proxy says http 200 http:, https 200 http:
Next.js, NODE_ENV production: proxy says http 200 https:, https 200 https:
Next.js, NODE_ENV not set: proxy says http 200 https:, https 200 https:
Next.js, NODE_ENV dev: proxy says http 200 https:, https 200 https:
Next.js, NODE_ENV development: proxy says http 200 http:, https 200 http:'
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
