#!/usr/bin/env bash
# Guess:    a client that has sent its whole request may close its sending side and still gets the response: TCP allows it,
#           and RFC 9112 9.6 describes half-closed connections. A server that does not want it says so with an error.
# Fact:     Node's http server closes the connection without a byte, if the response takes longer than the FIN. Caddy sends a
#           200 of its own with `Content-Length: 0`, whatever the app responds. HAProxy and nginx with
#           `proxy_ignore_client_abort on` send the response; nginx without it sends nothing. Node sends it with
#           `httpAllowHalfOpen = true`.
# Matters:  `nc -N`, `socat` and some balancers close that way. Behind Caddy such a client takes an empty 200 for
#           the response, also where the app failed. The app gets the request in each case.
# Versions: Caddy 2.6.2, HAProxy 2.6.12, nginx 1.22.1 (Debian 12), Node 24.21.0 (from npm).
set -euo pipefail
for program in caddy haproxy nginx; do command -v "$program" >/dev/null || apt-get install -y "$program" >/dev/null; done
caddy version | grep -Eq '^v?2\.6\.2( |$)' || { echo 'another version of Caddy: measure again'; exit 1; }
haproxy -v | grep -q ' 2\.6\.12' || { echo 'another version of HAProxy: measure again'; exit 1; }
nginx -v 2>&1 | grep -q '/1\.22\.1' || { echo 'another version of nginx: measure again'; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0

cat >run.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}
async function freePort() {
  const server = createTcpServer();
  const port = await listen(server);
  server.close();
  return port;
}
const slow = (req, res) => setTimeout(() => res.writeHead(500).end('the response'), 300);
const app = createServer(slow);
const appPort = await listen(app);
const halfOpen = createServer(slow);
halfOpen.httpAllowHalfOpen = true;

async function ask(port, isHalfClosed) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  const request = 'GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n';
  if (isHalfClosed) socket.end(request);
  else socket.write(request);
  let text = '';
  for await (const part of socket) text += part.toString('latin1');
  socket.destroy();
  if (text === '') return 'nothing';
  const status = text.split('\r\n', 1)[0].split(' ')[1];
  return `${status} ${text.includes('the response') ? 'with the body' : 'without a body'}`;
}

const children = [];
async function start(port, command, ...args) {
  children.push(spawn(command, args, { stdio: 'ignore', env: { ...process.env, HOME: process.cwd() } }));
  for (let i = 0; i < 100; i += 1) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await Promise.race([once(socket, 'connect').then(() => true), wait(1000, false)]).catch(() => false);
    socket.destroy();
    if (isUp) return port;
    await wait(50);
  }
  throw new Error(`${command} does not listen`);
}
async function startNginx(name, more) {
  const port = await freePort();
  mkdirSync(name);
  const at = `${process.cwd()}/${name}`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${at}/${kind};`);
  writeFileSync(`${name}/nginx.conf`, `daemon off; pid ${at}/pid; error_log ${at}/error.log; events {}
    http { access_log off; ${temporary.join(' ')}
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${appPort}; ${more} } } }`);
  return start(port, 'nginx', '-p', at, '-e', `${at}/error.log`, '-c', `${at}/nginx.conf`);
}
const caddyPort = await freePort();
writeFileSync('Caddyfile', `{
  admin off
  auto_https off
}
http://:${caddyPort} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${appPort}
}
`);
const haproxyPort = await freePort();
writeFileSync('haproxy.cfg', `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${haproxyPort}
  default_backend b
backend b
  server s 127.0.0.1:${appPort}
`);

const servers = {
  'Node': appPort,
  'Node, httpAllowHalfOpen': await listen(halfOpen),
  'Caddy': await start(caddyPort, 'caddy', 'run', '--config', 'Caddyfile'),
  'HAProxy': await start(haproxyPort, 'haproxy', '-f', 'haproxy.cfg'),
  'nginx': await startNginx('a', ''),
  'nginx, proxy_ignore_client_abort': await startNginx('b', 'proxy_ignore_client_abort on;'),
};
for (const [name, port] of Object.entries(servers)) {
  console.log(`${name}: ${await ask(port, false)}; half-closed: ${await ask(port, true)}`);
}
for (const child of children) child.kill();
process.exit();
JS

expected='Node: 500 with the body; half-closed: nothing
Node, httpAllowHalfOpen: 500 with the body; half-closed: 500 with the body
Caddy: 500 with the body; half-closed: 200 without a body
HAProxy: 500 with the body; half-closed: 500 with the body
nginx: 500 with the body; half-closed: nothing
nginx, proxy_ignore_client_abort: 500 with the body; half-closed: 500 with the body'
seen=$(node_modules/.bin/node run.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
