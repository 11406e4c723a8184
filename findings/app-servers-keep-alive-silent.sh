#!/usr/bin/env bash
# Guess:    a server that closes idle connections says after how long, or waits at least 5 s; a proxy may keep one for 4 s.
# Fact:     Node announces its 5 s (`Keep-Alive: timeout=5`). gunicorn with threads closes after 2 s and uvicorn after 5 s, and
#           neither announces it; gunicorn's default worker closes after each response. Go's server never closes an idle one.
# Matters:  undici keeps an idle connection for 4 s and nginx for 60 s by default. A POST that meets the close is lost: it must not be
#           repeated, so the client of the proxy gets a 502, at random and only on quiet systems. Let the proxy close first,
#           within 1 s, or raise `--keep-alive` of gunicorn and `--timeout-keep-alive` of uvicorn.
# Versions: gunicorn 27.0.1, uvicorn 0.54.0 (PyPI). Node 20, Go 1.21 or later.
set -euo pipefail
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check gunicorn==27.0.1 uvicorn==0.54.0

cat >apps.py <<'PY'
def wsgi(environ, start_response):
    start_response('200 OK', [('Content-Length', '2')])
    return [b'ok']

async def asgi(scope, receive, send):
    if scope['type'] != 'http':
        return
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'2')]})
    await send({'type': 'http.response.body', 'body': b'ok'})
PY
cat >server.mjs <<'JS'
import { createServer } from 'node:http';
createServer((_, response) => response.end('ok')).listen(Number(process.argv[2]), '127.0.0.1');
JS
cat >server.go <<'GO'
package main

import (
	"net/http"
	"os"
)

func main() {
	ok := func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) }
	http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(ok))
}
GO
go build -o go-server server.go
cat >run.py <<'PY'
import http.client, socket, sys, time

name, port = sys.argv[1], int(sys.argv[2])
connection = http.client.HTTPConnection('127.0.0.1', port)
connection.request('GET', '/')
response = connection.getresponse()
response.read()
announced = response.getheader('Keep-Alive', 'nothing')
if connection.sock is None:
    print(f'{name}: announces {response.getheader("Connection")}')
    sys.exit()
connection.sock.settimeout(8)
begin = time.monotonic()
try:
    connection.sock.recv(1)
    seconds = round(time.monotonic() - begin)
    # Newer releases of Node wait for a second more than they announce.
    after = f'{seconds} s' if announced == 'nothing' else 'that'
    print(f'{name}: announces {announced}, closes after {after}')
except socket.timeout:
    print(f'{name}: announces {announced}, still open after 8 s')
PY
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
measure() { # NAME COMMAND..., with PORT in place of the port
  local name=$1 port
  shift
  port=$(free)
  "${@/PORT/$port}" >/dev/null 2>&1 &
  pids+=($!)
  for _ in $(seq 300); do (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && break || sleep 0.1; done
  python3 run.py "$name" "$port"
}

expected='gunicorn: announces close
gunicorn with threads: announces nothing, closes after 2 s
uvicorn: announces nothing, closes after 5 s
Node: announces timeout=5, closes after that
Go: announces nothing, still open after 8 s'
measure gunicorn env/bin/gunicorn apps:wsgi --bind 127.0.0.1:PORT >seen.txt
measure 'gunicorn with threads' env/bin/gunicorn apps:wsgi --threads 4 --bind 127.0.0.1:PORT >>seen.txt
measure uvicorn env/bin/uvicorn apps:asgi --port PORT >>seen.txt
measure Node node server.mjs PORT >>seen.txt
measure Go ./go-server PORT >>seen.txt
seen=$(cat seen.txt)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
