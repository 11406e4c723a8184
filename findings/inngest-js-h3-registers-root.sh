#!/usr/bin/env bash
# Guess:    an app that follows the example of inngest's h3 adapter, `app.use('/api/inngest', eventHandler(serve(…)))`,
#           registers the URL under which it was called.
# Fact:     h3 1 cuts the prefix from `event.path` for what `app.use` mounts, and the adapter builds the URL from that: the app
#           registers the root, `http://app.example/`, and the sync succeeds. With a router it registers the whole path.
#           INNGEST_SERVE_PATH, or `servePath`, mends the former.
# Matters:  Inngest then calls `/`, where this app answers 404, and every run fails although the sync succeeded. A gateway
#           that serves one path refuses these calls: it looks at fault, and is not.
# Versions: inngest 4.24.0, h3 1.15.11 (npm). Node 20 or later.
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
import { serve } from 'inngest/h3';

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

function listen(server) {
  return new Promise((done) => server.listen(0, '127.0.0.1', done));
}

function put(port, path) {
  const headers = { host: 'app.example', 'content-length': 0 };
  return new Promise((done, fail) => {
    const req = request({ host: '127.0.0.1', port, method: 'PUT', path, headers }, (res) => {
      res.resume().on('end', () => done(res.statusCode));
    });
    req.on('error', fail).end();
  });
}

async function show(how, mount) {
  const app = createApp();
  mount(app, eventHandler(serve({ client, functions })));
  const server = createServer(toNodeListener(app));
  await listen(server);
  registered = 'nothing';
  const status = await put(server.address().port, '/api/inngest');
  console.log(`${how}: ${status}, registered ${registered}`);
  if (new URL(registered).pathname === '/') console.log(`${how}, PUT /: ${await put(server.address().port, '/')}`);
}

const use = (app, handler) => app.use('/api/inngest', handler);
await show('app.use', use);
await show('router.use', (app, handler) => app.use(createRouter().use('/api/inngest', handler)));
process.env.INNGEST_SERVE_PATH = '/api/inngest';
await show('app.use, INNGEST_SERVE_PATH', use);
process.exit(0);
JS

expected='app.use: 200, registered http://app.example/
app.use, PUT /: 404
router.use: 200, registered http://app.example/api/inngest
app.use, INNGEST_SERVE_PATH: 200, registered http://app.example/api/inngest'
seen=$(env -u NODE_ENV node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
