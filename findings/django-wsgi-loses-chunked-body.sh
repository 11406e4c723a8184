#!/usr/bin/env bash
# Guess:    a request body that comes in chunks reaches each Python framework as one with a length does.
# Fact:     Django under WSGI reads CONTENT_LENGTH bytes, so the body of a chunked request is empty, although gunicorn has
#           decoded it and says so (`wsgi.input_terminated`). Flask on the same gunicorn reads it, and FastAPI on uvicorn too.
#           Behind the Django adapter Inngest's SDK then verifies an empty body and answers 401 to a correctly signed call.
# Matters:  a proxy that streams bodies of unknown length, or drops Content-Length, turns each call into "Unauthorized", and
#           the signing key is suspected. Let the proxy send a Content-Length.
# Versions: Django 5.2.19, Flask 3.1.3, gunicorn 27.0.1, FastAPI 0.165.0, uvicorn 0.54.0, inngest 0.5.19 (PyPI).
set -euo pipefail
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inngest==0.5.19 django==5.2.19 flask==3.1.3 \
  gunicorn==27.0.1 fastapi==0.165.0 uvicorn==0.54.0

cat >apps.py <<'PY'
import inngest, inngest.django, inngest.fast_api, inngest.flask
import fastapi, flask
from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY='used for nothing', ALLOWED_HOSTS=['*'])
client = inngest.Inngest(app_id='app', is_production=True, signing_key='signkey-test-' + 'ab' * 16)

@client.create_function(fn_id='echo', trigger=inngest.TriggerEvent(event='test/echo'))
def echo(ctx):
    return ctx.event.data

urlpatterns = [inngest.django.serve(client, [echo])]
on_django = get_wsgi_application()
on_flask = flask.Flask(__name__)
inngest.flask.serve(on_flask, client, [echo])
on_fastapi = fastapi.FastAPI()
inngest.fast_api.serve(on_fastapi, client, [echo])
PY
cat >run.py <<'PY'
import hashlib, hmac, http.client, json, sys, time

event = {'data': {'a': 1}, 'name': 'test/echo'}
ctx = {'attempt': 0, 'disable_immediate_execution': False, 'env': '', 'fn_id': 'f', 'run_id': 'run',
       'stack': {'current': 0, 'stack': []}, 'step_id': 'step', 'use_api': False}
call = {'ctx': ctx, 'event': event, 'events': [event], 'steps': {}, 'use_api': False}
body = json.dumps(call, sort_keys=True, separators=(',', ':')).encode()
for name, port in zip(('Django', 'Flask', 'FastAPI'), sys.argv[1:]):
    for how, data in (('length', body), ('chunks', iter([body]))):
        t = str(int(time.time()))
        s = hmac.new(b'ab' * 16, body + t.encode(), hashlib.sha256).hexdigest()
        connection = http.client.HTTPConnection('127.0.0.1', int(port))
        connection.request('POST', '/api/inngest?fnId=app-echo&stepId=step', data, {'X-Inngest-Signature': f't={t}&s={s}'})
        response = connection.getresponse()
        print(name, how, response.status, response.read().decode())
PY
free() { env/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
ports=()
for server in 'gunicorn apps:on_django --bind' 'gunicorn apps:on_flask --bind' 'uvicorn apps:on_fastapi --port'; do
  port=$(free)
  ports+=("$port")
  [[ $server = gunicorn* ]] && listen="127.0.0.1:$port" || listen=$port
  env/bin/python -m $server "$listen" >/dev/null 2>"$port.log" &
  pids+=($!)
  for _ in $(seq 300); do (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && break || sleep 0.1; done
done

expected='Django length 200 {"a": 1}
Django chunks 401 {"message": "Unauthorized"}
Flask length 200 {"a": 1}
Flask chunks 200 {"a": 1}
FastAPI length 200 {"a": 1}
FastAPI chunks 200 {"a": 1}'
seen=$(env/bin/python run.py "${ports[@]}")
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
