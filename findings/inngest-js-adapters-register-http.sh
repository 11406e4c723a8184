#!/usr/bin/env bash
# Guess:    behind a proxy that ends TLS and sends `X-Forwarded-Proto: https`, an app registers an https URL, or none does;
#           either way it does not depend on the web framework.
# Fact:     the adapter for node:http takes the scheme from the field, from anyone who sends it. Those for Express, Fastify,
#           Koa and Hono do not, and register http:// (Express and Fastify until they are told to trust proxies).
#           None of them, as set here, takes `X-Forwarded-Host`; all use `Host`.
# Matters:  Inngest calls the registered URL. Moving an app from node:http to a framework, with the same proxy in front,
#           turns its calls into plain http (or into a 301 that loses the POST). A gateway that ends TLS must overwrite the
#           field for the one, and cannot help the others: set `serveOrigin`, or the framework's option, which the script
#           shows for Express and Fastify.
# Versions: inngest 4.24.0, express 5.3.0, fastify 5.12.8, koa 3.3.0, koa-bodyparser 4.4.1, hono 4.13.19,
#           @hono/node-server 2.1.9 (npm). Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund inngest@4.24.0 express@5.3.0 fastify@5.12.8 koa@3.3.0 koa-bodyparser@4.4.1 \
  hono@4.13.19 @hono/node-server@2.1.9

cat >run.mjs <<'JS'
import { createServer, request } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { Inngest } from 'inngest';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';

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

async function withExpress(trust) {
  const app = express();
  app.set('trust proxy', trust);
  app.use(express.json());
  app.use('/api/inngest', await handler('express'));
  return createServer(app);
}

async function withFastify(trustProxy) {
  const app = fastify({ trustProxy });
  app.register((await import('inngest/fastify')).default, { client, functions, options: {} });
  await app.ready();
  return app.server;
}

async function withKoa() {
  const app = new Koa();
  app.use(bodyParser());
  app.use(await handler('koa'));
  return createServer(app.callback());
}

async function withHono() {
  const app = new Hono();
  app.on(['GET', 'PUT', 'POST'], '/api/inngest', await handler('hono'));
  return createServer(getRequestListener(app.fetch));
}

function listen(server) {
  return new Promise((done) => server.listen(0, '127.0.0.1', done));
}

function sync(port) {
  const headers = { host: 'app.example', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'other.example', 'content-length': 0 };
  return new Promise((done, fail) => {
    const req = request({ host: '127.0.0.1', port, method: 'PUT', path: '/api/inngest', headers }, (res) => {
      res.resume().on('end', () => done(res.statusCode));
    });
    req.on('error', fail).end();
  });
}

const servers = {
  'node:http': createServer(await handler('node')),
  Express: await withExpress(false),
  Fastify: await withFastify(false),
  Koa: await withKoa(),
  Hono: await withHono(),
  'Express, trust proxy': await withExpress(true),
  'Fastify, trustProxy': await withFastify(true),
};
for (const [name, server] of Object.entries(servers)) {
  await listen(server);
  registered = undefined;
  const status = await sync(server.address().port);
  console.log(`${name}: ${status}, registered ${registered}`);
}
process.exit(0);
JS

expected='node:http: 200, registered https://app.example/api/inngest
Express: 200, registered http://app.example/api/inngest
Fastify: 200, registered http://app.example/api/inngest
Koa: 200, registered http://app.example/api/inngest
Hono: 200, registered http://app.example/api/inngest
Express, trust proxy: 200, registered https://app.example/api/inngest
Fastify, trustProxy: 200, registered https://app.example/api/inngest'
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
