#!/usr/bin/env bash
# Guess:    a result that JSON cannot hold fails in the Python SDK, which has an error for it (`output_unserializable`).
# Fact:     a set fails so. NaN and infinity are sent as `NaN` and `Infinity`, with status 200 and a signature, and a dict with
#           the keys 1 and '1' as an object with that name twice: the check is `json.dumps`, which writes all of them.
# Matters:  a mean over no rows ends a run that succeeded with a body that no JSON parser outside Python reads, so the error
#           appears at the other end of the wire. A verifier of responses that refuses repeated names refuses an honest one.
#           Check results with `json.dumps(value, allow_nan=False)` and use keys of one type.
# Versions: inngest 0.5.19, flask 3.1.3 (PyPI). Node 20.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inngest==0.5.19 flask==3.1.3

cat >run.py <<'PY'
import hashlib, hmac, json, logging, time
import flask, inngest, inngest.flask

logging.disable(logging.CRITICAL)
KEY = 'ab' * 16
client = inngest.Inngest(app_id='app', is_production=True, signing_key='signkey-test-' + KEY)
results = {'mean': float('nan'), 'ratio': float('inf'), 'keys': {1: 'a', '1': 'b'}, 'set': {1}}

@client.create_function(fn_id='give', trigger=inngest.TriggerEvent(event='test/give'))
def give(ctx):
    return results[ctx.event.data['what']]

app = flask.Flask(__name__)
inngest.flask.serve(app, client, [give])
for what in results:
    event = {'data': {'what': what}, 'name': 'test/give'}
    ctx = {'attempt': 0, 'disable_immediate_execution': False, 'env': '', 'fn_id': 'f', 'run_id': 'run',
           'stack': {'current': 0, 'stack': []}, 'step_id': 'step', 'use_api': False}
    call = {'ctx': ctx, 'event': event, 'events': [event], 'steps': {}, 'use_api': False}
    body = json.dumps(call, sort_keys=True, separators=(',', ':')).encode()
    t = str(int(time.time()))
    s = hmac.new(KEY.encode(), body + t.encode(), hashlib.sha256).hexdigest()
    headers = {'X-Inngest-Signature': f't={t}&s={s}'}
    response = app.test_client().post('/api/inngest?fnId=app-give&stepId=step', data=body, headers=headers)
    print(what, response.status_code, response.data.decode(), sep='\t')
PY
cat >read.mjs <<'JS'
import { readFileSync } from 'node:fs';
for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
  const [what, status, body] = line.split('\t');
  let read;
  try {
    read = JSON.stringify(JSON.parse(body).code ?? JSON.parse(body));
  } catch (error) {
    read = error.name;
  }
  console.log(`${what}: ${status} ${body.slice(0, 25)}, read in JavaScript: ${read}`);
}
JS

expected='mean: 200 NaN, read in JavaScript: SyntaxError
ratio: 200 Infinity, read in JavaScript: SyntaxError
keys: 200 {"1": "a", "1": "b"}, read in JavaScript: {"1":"b"}
set: 500 {"code": "output_unserial, read in JavaScript: "output_unserializable"'
seen=$(env/bin/python run.py | node read.mjs)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
