#!/usr/bin/env bash
# Guess:    `tls.connect({ host, servername: host })` works for any host, an address too; what is wrong with a connection
#           arrives as an `error` event.
# Fact:     on Node 24 an address as `servername` works, with a deprecation warning (DEP0123), and the certificate is checked
#           against it. On Node 26 the call throws ERR_INVALID_ARG_VALUE at once, before any event. `servername: ''` works
#           on both: no name is sent and the certificate is checked against `host`.
# Matters:  proxies and probes pass the configured host as `servername`. After an update of Node those with an address as
#           upstream throw outside the handler of `error`: an exception that ends the process instead of a failed probe.
# Versions: Node 24.18.1 and 26.10.0 (npm), openssl 3 for the certificate.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
for version in 24.18.1 26.10.0; do
  npm install --silent --no-audit --no-fund --prefix "$dir/$version" "node@$version"
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=finding \
  -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>openssl.log || { cat openssl.log; exit 1; }

cat >run.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:tls';

const cert = readFileSync('cert.pem');
const server = createServer({ cert, key: readFileSync('key.pem') }, (socket) => {
  socket.on('error', () => {});
  socket.end(socket.servername ? `name ${socket.servername}` : 'no name');
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));

function call(options) {
  return new Promise((done) => {
    let socket;
    try {
      socket = connect({ host: '127.0.0.1', port: server.address().port, ca: cert, ...options });
    } catch (error) {
      return done(`throws ${error.code}`);
    }
    let text = '';
    socket.on('data', (part) => (text += part));
    socket.on('end', () => done(`authorized ${socket.authorized}, the server saw ${text}`));
    socket.on('error', (error) => done(`event ${error.code}`));
  });
}

for (const [what, options] of [
  ['no servername', {}],
  ["servername: '127.0.0.1'", { servername: '127.0.0.1' }],
  ["servername: ''", { servername: '' }],
]) {
  console.log(`Node ${process.version}, ${what}: ${await call(options)}`);
}
server.close();
JS

expected="Node v24.18.1, no servername: authorized true, the server saw no name
Node v24.18.1, servername: '127.0.0.1': authorized true, the server saw name 127.0.0.1
Node v24.18.1, servername: '': authorized true, the server saw no name
Node v26.10.0, no servername: authorized true, the server saw no name
Node v26.10.0, servername: '127.0.0.1': throws ERR_INVALID_ARG_VALUE
Node v26.10.0, servername: '': authorized true, the server saw no name"
seen=$(for version in 24.18.1 26.10.0; do "$version/node_modules/.bin/node" --no-deprecation run.mjs; done)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
