#!/usr/bin/env bash
# Guess:    a client that accepts `Transfer-Encoding: gzip, chunked` has decoded both: a transfer coding belongs to the
#           message, not to the content (RFC 9112 7). One that cannot decode it fails.
# Fact:     Node's http client and server, undici and fetch accept it, remove the chunks and give the gzip bytes out as the
#           body. fetch decodes `Content-Encoding: gzip`, and not this. curl decodes it, Go fails.
# Matters:  an app behind such a client stores or forwards compressed bytes as if they were the text, with
#           `Content-Type` and status as they should be. A proxy that forwards the body and drops the hop-by-hop field hands
#           the damage on. Refuse every transfer coding but `chunked`.
# Versions: undici 8.13.1, Node 24.21.0 and 26.10.0 (from npm); curl and Go as they are installed.
set -euo pipefail
command -v curl >/dev/null || apt-get install -y curl >/dev/null
command -v go >/dev/null || apt-get install -y golang-go >/dev/null
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
for version in 24.21.0 26.10.0; do
  mkdir "$version"
  (cd "$version" && npm init --yes >/dev/null && npm install --silent --no-audit --no-fund undici@8.13.1 "node@$version")
done

cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	response, err := http.Get(os.Args[1])
	if err != nil {
		fmt.Println("failed:", err.Error()[strings.LastIndex(err.Error(), "net/http"):])
		return
	}
	body, err := io.ReadAll(response.Body)
	fmt.Printf("%q %v\n", body, err)
}
GO
go build -o go-client main.go

cat >run.mjs <<'JS'
import { execFile } from 'node:child_process';
import { createServer, get } from 'node:http';
import { createRequire } from 'node:module';
import { connect, createServer as createTcpServer } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';

const { request } = createRequire(`${process.cwd()}/x.js`)('undici');
const coded = gzipSync('plain text');
const chunked = Buffer.concat([Buffer.from(`${coded.length.toString(16)}\r\n`), coded, Buffer.from('\r\n0\r\n\r\n')]);
const app = createTcpServer((socket) => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n';
  socket.on('error', () => {}).once('data', () => socket.end(Buffer.concat([Buffer.from(head), chunked])));
});
await new Promise((done) => app.listen(0, '127.0.0.1', done));
const url = `http://127.0.0.1:${app.address().port}/`;

function name(bytes) {
  const body = Buffer.from(bytes);
  if (body.toString() === 'plain text') return 'the text';
  return body.equals(coded) && gunzipSync(body).toString() === 'plain text' ? 'the gzip bytes' : `else: ${body}`;
}
const run = (command, ...args) =>
  new Promise((done) => execFile(command, args, (error, stdout) => done(error ? `failed: exit ${error.code}` : name(stdout.trim()))));

const seen = {
  'http.get': () => new Promise((done) => get(url, async (response) => done(name(Buffer.concat(await response.toArray()))))),
  'undici.request': async () => name(await (await request(url)).body.bytes()),
  fetch: async () => name(await (await fetch(url)).arrayBuffer()),
  'http.createServer': () =>
    new Promise((done) => {
      const server = createServer(async (req, res) => {
        done(name(Buffer.concat(await req.toArray())));
        res.end();
        server.close();
      }).listen(0, '127.0.0.1', () => {
        const socket = connect(server.address().port, '127.0.0.1');
        const head = 'POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n';
        socket.end(Buffer.concat([Buffer.from(head), chunked]));
      });
    }),
  ...(process.argv[2] === 'others' && {
    curl: () => run('curl', '-s', url),
    Go: () => new Promise((done) => execFile('../go-client', [url], (_error, stdout) => done(stdout.trim()))),
  }),
};
for (const [who, call] of Object.entries(seen)) console.log(`Node ${process.version}, ${who}: ${await call()}`);
app.close();
JS

expected='Node v24.21.0, http.get: the gzip bytes
Node v24.21.0, undici.request: the gzip bytes
Node v24.21.0, fetch: the gzip bytes
Node v24.21.0, http.createServer: the gzip bytes
Node v24.21.0, curl: the text
Node v24.21.0, Go: failed: net/http: HTTP/1.x transport connection broken: unsupported transfer encoding: "gzip, chunked"
Node v26.10.0, http.get: the gzip bytes
Node v26.10.0, undici.request: the gzip bytes
Node v26.10.0, fetch: the gzip bytes
Node v26.10.0, http.createServer: the gzip bytes'
seen=$(for version in 24.21.0 26.10.0; do
  (cd "$version" && ./node_modules/.bin/node ../run.mjs "$([ "$version" = 24.21.0 ] && echo others)")
done)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
