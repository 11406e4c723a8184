#!/usr/bin/env bash
# Guess:    `new https.Agent({ proxyEnv: process.env })` reads HTTPS_PROXY and NO_PROXY as curl, Go and undici do: an entry
#           `corp.example` covers lists.corp.example too. A proxy that the agent cannot use is an error.
# Fact:     a name covers that name alone; its subdomains need `.corp.example`. A proxy with another scheme than http and
#           https is ignored without a word, and the agent connects directly.
# Matters:  the same variables send a request through the proxy in one program and around it in another: an internal host
#           is asked for at the proxy, or a policy "out through the proxy only" is not kept, and it shows in neither's log.
#           Write both forms, `corp.example,.corp.example`.
# Versions: Node 24.21.0 and 26.10.0, undici 8.13.1 (from npm); curl as it is installed.
set -euo pipefail
command -v curl >/dev/null || apt-get install -y curl >/dev/null
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
for version in 24.21.0 26.10.0; do
  mkdir "$version"
  (cd "$version" && npm init --yes >/dev/null && npm install --silent --no-audit --no-fund undici@8.13.1 "node@$version")
done

cat >run.mjs <<'JS'
import { execFile } from 'node:child_process';
import { get, Agent } from 'node:https';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';

const { EnvHttpProxyAgent, request } = createRequire(`${process.cwd()}/x.js`)('undici');
let asked = '';
// Stands for the proxy and for the server: its first line says which one it was taken for.
const server = createServer((socket) => {
  socket.on('error', () => {}).once('data', (data) => {
    asked = data.toString('latin1').startsWith('CONNECT ') ? 'through the proxy' : 'directly';
    socket.destroy();
  });
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const { port } = server.address();
const url = `https://lists.localhost:${port}/`;

const clients = {
  'https.Agent': (env) =>
    new Promise((done) => {
      const agent = new Agent({ proxyEnv: env, lookup: (_host, options, called) => called(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4) });
      get(url, { agent }).on('error', done);
    }),
  undici: async (env) => {
    const lookup = (_host, _options, called) => called(null, [{ address: '127.0.0.1', family: 4 }]);
    const dispatcher = new EnvHttpProxyAgent({ httpsProxy: env.HTTPS_PROXY, noProxy: env.NO_PROXY, connect: { lookup } });
    await request(url, { dispatcher }).catch(() => {});
  },
  curl: (env) =>
    new Promise((done) => {
      const child = { PATH: process.env.PATH, https_proxy: env.HTTPS_PROXY, no_proxy: env.NO_PROXY };
      execFile('curl', ['-s', '--resolve', `lists.localhost:${port}:127.0.0.1`, url], { env: child }, done);
    }),
};
const proxy = `http://127.0.0.1:${port}`;
const rows = [
  [proxy, ''],
  [proxy, 'lists.localhost'],
  [proxy, 'localhost'],
  [proxy, '.localhost'],
  [`other://127.0.0.1:${port}`, ''],
];
const which = process.argv[2] === 'others' ? Object.keys(clients) : ['https.Agent'];
for (const name of which) {
  for (const [HTTPS_PROXY, NO_PROXY] of rows) {
    asked = 'an error, nothing sent';
    try {
      await clients[name]({ HTTPS_PROXY, NO_PROXY });
    } catch {}
    console.log(`Node ${process.version}, ${name}, ${HTTPS_PROXY.split(':')[0]} proxy, NO_PROXY "${NO_PROXY}": ${asked}`);
  }
}
process.exit();
JS

expected='Node v24.21.0, https.Agent, http proxy, NO_PROXY "": through the proxy
Node v24.21.0, https.Agent, http proxy, NO_PROXY "lists.localhost": directly
Node v24.21.0, https.Agent, http proxy, NO_PROXY "localhost": through the proxy
Node v24.21.0, https.Agent, http proxy, NO_PROXY ".localhost": directly
Node v24.21.0, https.Agent, other proxy, NO_PROXY "": directly
Node v24.21.0, undici, http proxy, NO_PROXY "": through the proxy
Node v24.21.0, undici, http proxy, NO_PROXY "lists.localhost": directly
Node v24.21.0, undici, http proxy, NO_PROXY "localhost": directly
Node v24.21.0, undici, http proxy, NO_PROXY ".localhost": directly
Node v24.21.0, undici, other proxy, NO_PROXY "": an error, nothing sent
Node v24.21.0, curl, http proxy, NO_PROXY "": through the proxy
Node v24.21.0, curl, http proxy, NO_PROXY "lists.localhost": directly
Node v24.21.0, curl, http proxy, NO_PROXY "localhost": directly
Node v24.21.0, curl, http proxy, NO_PROXY ".localhost": directly
Node v24.21.0, curl, other proxy, NO_PROXY "": an error, nothing sent
Node v26.10.0, https.Agent, http proxy, NO_PROXY "": through the proxy
Node v26.10.0, https.Agent, http proxy, NO_PROXY "lists.localhost": directly
Node v26.10.0, https.Agent, http proxy, NO_PROXY "localhost": through the proxy
Node v26.10.0, https.Agent, http proxy, NO_PROXY ".localhost": directly
Node v26.10.0, https.Agent, other proxy, NO_PROXY "": directly'
seen=$(for version in 24.21.0 26.10.0; do
  (cd "$version" && ./node_modules/.bin/node ../run.mjs "$([ "$version" = 24.21.0 ] && echo others)")
done)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
