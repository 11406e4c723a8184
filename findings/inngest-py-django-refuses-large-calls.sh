#!/usr/bin/env bash
# Guess:    an Inngest app on Django takes what Inngest sends: calls of up to 4 MiB.
# Fact:     the adapter reads `request.body`, which Django bounds by DATA_UPLOAD_MAX_MEMORY_SIZE, 2.5 MiB by default, whatever
#           the type of the body. A call above it is a 400 with Django's own HTML page, without an `X-Inngest-SDK` field.
#           A call carries its event twice (`event`, `events`), so events from 1.3 MB on fail. FastAPI and Flask have no such bound.
# Matters:  small events work for months, then some runs fail on every attempt with "Your server returned HTTP 400 before
#           the SDK responded", which reads like a proxy's limit. Set DATA_UPLOAD_MAX_MEMORY_SIZE above 4 MiB.
# Versions: inngest 0.5.19, Django 5.2.19 (PyPI).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inngest==0.5.19 django==5.2.19

cat >run.py <<'PY'
import hashlib, hmac, io, json, logging, time
import inngest, inngest.django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

logging.disable(logging.CRITICAL)
settings.configure(ROOT_URLCONF=__name__, SECRET_KEY='used for nothing', ALLOWED_HOSTS=['*'])
KEY = 'ab' * 16
client = inngest.Inngest(app_id='app', is_production=True, signing_key='signkey-test-' + KEY)

@client.create_function(fn_id='length', trigger=inngest.TriggerEvent(event='test/length'))
def length(ctx):
    return len(ctx.event.data['text'])

urlpatterns = [inngest.django.serve(client, [length])]
app = get_wsgi_application()

def call(characters):
    event = {'data': {'text': 'a' * characters}, 'name': 'test/length'}
    ctx = {'attempt': 0, 'disable_immediate_execution': False, 'env': '', 'fn_id': 'f', 'run_id': 'run',
           'stack': {'current': 0, 'stack': []}, 'step_id': 'step', 'use_api': False}
    call = {'ctx': ctx, 'event': event, 'events': [event], 'steps': {}, 'use_api': False}
    body = json.dumps(call, sort_keys=True, separators=(',', ':')).encode()
    t = str(int(time.time()))
    s = hmac.new(KEY.encode(), body + t.encode(), hashlib.sha256).hexdigest()
    environ = {
        'REQUEST_METHOD': 'POST', 'PATH_INFO': '/api/inngest', 'QUERY_STRING': 'fnId=app-length&stepId=step',
        'SERVER_NAME': 'localhost', 'SERVER_PORT': '80', 'CONTENT_TYPE': 'application/json',
        'CONTENT_LENGTH': str(len(body)), 'HTTP_X_INNGEST_SIGNATURE': f't={t}&s={s}',
        'wsgi.input': io.BytesIO(body), 'wsgi.url_scheme': 'http',
    }
    seen = []
    text = b''.join(app(environ, lambda *head: seen.append(head)))
    status, headers = seen[0]
    of_sdk = 'x-inngest-sdk' in (name.lower() for name, _ in headers)
    page = 'a page' if b'<html' in text else text.decode()
    print(f'event of {characters}, limit {settings.DATA_UPLOAD_MAX_MEMORY_SIZE}: {status}, {page}, of the SDK: {of_sdk}')

call(1_200_000)
call(1_400_000)
settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
call(1_400_000)
PY

expected='event of 1200000, limit 2621440: 200 OK, 1200000, of the SDK: True
event of 1400000, limit 2621440: 400 Bad Request, a page, of the SDK: False
event of 1400000, limit 5000000: 200 OK, 1400000, of the SDK: True'
seen=$(env/bin/python run.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
