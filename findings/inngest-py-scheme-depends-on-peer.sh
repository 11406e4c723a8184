#!/usr/bin/env bash
# Guess:    whether a Python app behind a proxy registers https depends on the `X-Forwarded-Proto` that the proxy sends.
# Fact:     it depends on the address of the proxy too. uvicorn and gunicorn take the field from 127.0.0.1 alone unless told
#           otherwise (`--forwarded-allow-ips`), so a proxy beside the app gets https registered and the same proxy on another host
#           http, without a word in a log. waitress never takes it by default. FastAPI, Flask, Django and the SDK add nothing to that.
# Matters:  all is well on a laptop and with a sidecar; once the proxy moves to a pod of its own, the next sync registers
#           http, and Inngest's calls go to a port without TLS, or meet a redirect. Set INNGEST_SERVE_ORIGIN.
# Versions: inngest 0.5.19, fastapi 0.165.0 on uvicorn 0.54.0, flask 3.1.3 on gunicorn 27.0.1 and waitress 3.0.2 (PyPI). Linux, for 127.0.0.2.
set -euo pipefail
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inngest==0.5.19 flask==3.1.3 gunicorn==27.0.1 \
  waitress==3.0.2 fastapi==0.165.0 uvicorn==0.54.0

cat >apps.py <<'PY'
import os
import fastapi, flask, inngest, inngest.fast_api, inngest.flask

client = inngest.Inngest(
    app_id='app', is_production=True, signing_key='signkey-test-' + 'ab' * 16, api_base_url=os.environ['API'],
)

@client.create_function(fn_id='a', trigger=inngest.TriggerEvent(event='test/a'))
def a(ctx):
    return None

on_flask = flask.Flask(__name__)
inngest.flask.serve(on_flask, client, [a])
on_fastapi = fastapi.FastAPI()
inngest.fast_api.serve(on_fastapi, client, [a])
PY
# Inngest's API, which gives back the URL that the app registers.
cat >api.py <<'PY'
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Api(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        body = json.dumps({'url': sent['url']}).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

HTTPServer(('127.0.0.1', int(sys.argv[1])), Api).serve_forever()
PY
cat >run.py <<'PY'
import http.client, json, sys

name, port = sys.argv[1], int(sys.argv[2])
for proxy in ('127.0.0.1', '127.0.0.2'):
    connection = http.client.HTTPConnection('127.0.0.1', port, source_address=(proxy, 0))
    headers = {'Host': 'app.example.com', 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.1'}
    connection.request('PUT', '/api/inngest', headers=headers)
    print(f'{name}, proxy at {proxy}: {json.load(connection.getresponse())["url"]}')
PY
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
started() { for _ in $(seq 300); do (: </dev/tcp/127.0.0.1/"$1") 2>/dev/null && break || sleep 0.1; done; }
port=$(free)
export API="http://127.0.0.1:$port"
python3 api.py "$port" &
pids+=($!)
started "$port"
measure() { # NAME COMMAND..., with PORT in place of the port
  local name=$1 port
  shift
  port=$(free)
  "${@/PORT/$port}" >/dev/null 2>&1 &
  pids+=($!)
  started "$port"
  python3 run.py "$name" "$port"
}

expected='FastAPI on uvicorn, proxy at 127.0.0.1: https://app.example.com/api/inngest
FastAPI on uvicorn, proxy at 127.0.0.2: http://app.example.com/api/inngest
Flask on gunicorn, proxy at 127.0.0.1: https://app.example.com/api/inngest
Flask on gunicorn, proxy at 127.0.0.2: http://app.example.com/api/inngest
Flask on waitress, proxy at 127.0.0.1: http://app.example.com/api/inngest
Flask on waitress, proxy at 127.0.0.2: http://app.example.com/api/inngest'
measure 'FastAPI on uvicorn' env/bin/uvicorn apps:on_fastapi --port PORT >seen.txt
measure 'Flask on gunicorn' env/bin/gunicorn apps:on_flask --bind 127.0.0.1:PORT >>seen.txt
measure 'Flask on waitress' env/bin/waitress-serve --listen 127.0.0.1:PORT apps:on_flask >>seen.txt
seen=$(cat seen.txt)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
