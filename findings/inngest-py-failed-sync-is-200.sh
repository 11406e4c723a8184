#!/usr/bin/env bash
# Guess:    the response to a PUT that syncs a Python app says whether Inngest took the registration.
# Fact:     it is a 200 whenever Inngest's API responds with a JSON object, and carries that object: an invalid signing key
#           (401) and a failure of Inngest (500) are a 200 with `{"error": …}`. The SDK builds the response with the
#           API's status, drops it, and goes on to the one for success (`_parse_out_of_band_response`). Only a
#           response that is no JSON object is a 500.
# Matters:  a deploy script with `curl --fail -X PUT`, or a check of the status, passes although nothing was registered, and
#           Inngest goes on to call the old functions. Read the body: a registration that was taken has `"ok": true`.
# Versions: inngest 0.5.19, flask 3.1.3 (PyPI).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inngest==0.5.19 flask==3.1.3

cat >run.py <<'PY'
import logging, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import flask, inngest, inngest.flask

logging.disable(logging.CRITICAL)

class Api(BaseHTTPRequestHandler):
    """Inngest's API, which responds to the registration as the loop below says."""

    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

api = HTTPServer(('127.0.0.1', 0), Api)
threading.Thread(target=api.serve_forever, daemon=True).start()
client = inngest.Inngest(
    app_id='app',
    is_production=True,
    signing_key='signkey-test-' + 'ab' * 16,
    api_base_url=f'http://127.0.0.1:{api.server_port}',
)

@client.create_function(fn_id='a', trigger=inngest.TriggerEvent(event='test/a'))
def a(ctx):
    return None

app = flask.Flask(__name__)
inngest.flask.serve(app, client, [a])
for status, body in (
    (200, b'{"ok":true,"modified":true}'),
    (401, b'{"error":"Your signing key is invalid"}'),
    (500, b'{"error":"internal server error"}'),
    (502, b'<html>'),
):
    response = app.test_client().put('/api/inngest')
    print(f'API {status}, app {response.status_code} {response.data.decode()}')
PY

expected='API 200, app 200 {"ok": true, "modified": true}
API 401, app 200 {"error": "Your signing key is invalid"}
API 500, app 200 {"error": "internal server error"}
API 502, app 500 {"code": "registration_failed", "message": "response is not valid JSON", "name": "RegistrationFailedError"}'
seen=$(env/bin/python run.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
