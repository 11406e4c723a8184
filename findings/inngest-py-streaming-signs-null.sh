#!/usr/bin/env bash
# Guess:    the `X-Inngest-Signature` of a response signs its body, and of a streamed response its result, as in JavaScript.
# Fact:     with `streaming=FORCE` the Python SDK signs the four bytes `null`: it signs the response when its fields are sent,
#           and the body of a stream is not set then. Neither the bytes on the wire nor the result inside them are signed.
# Matters:  whoever verifies the responses of apps, in a gateway or in a test, refuses each streamed one of an honest app.
# Versions: inngest 0.5.19, fastapi 0.165.0 (PyPI).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inngest==0.5.19 fastapi==0.165.0

cat >run.py <<'PY'
import asyncio, hashlib, hmac, json, logging, time
import fastapi, httpx, inngest, inngest.fast_api

logging.disable(logging.CRITICAL)
KEY = 'ab' * 16
client = inngest.Inngest(app_id='app', is_production=True, signing_key='signkey-test-' + KEY)

@client.create_function(fn_id='echo', trigger=inngest.TriggerEvent(event='test/echo'))
async def echo(ctx):
    return ctx.event.data

app = fastapi.FastAPI()
inngest.fast_api.serve(app, client, [echo])
inngest.fast_api.serve(app, client, [echo], serve_path='/streaming', streaming=inngest.Streaming.FORCE)

def mac(body, t):
    return hmac.new(KEY.encode(), body + t.encode(), hashlib.sha256).hexdigest()

async def main():
    event = {'data': {'a': 1}, 'name': 'test/echo'}
    ctx = {'attempt': 0, 'disable_immediate_execution': False, 'env': '', 'fn_id': 'f', 'run_id': 'run',
           'stack': {'current': 0, 'stack': []}, 'step_id': 'step', 'use_api': False}
    call = {'ctx': ctx, 'event': event, 'events': [event], 'steps': {}, 'use_api': False}
    body = json.dumps(call, sort_keys=True, separators=(',', ':')).encode()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://app') as http:
        for path in ('/api/inngest', '/streaming'):
            t = str(int(time.time()))
            headers = {'X-Inngest-Signature': f't={t}&s={mac(body, t)}'}
            response = await http.post(f'{path}?fnId=app-echo&stepId=step', content=body, headers=headers)
            result = response.json()['body'] if path == '/streaming' else response.text
            t, s = (part.split('=')[1] for part in response.headers['x-inngest-signature'].split('&'))
            tried = {'the body': response.content, 'the result': result.encode(), 'null': b'null'}
            signed = [what for what, text in tried.items() if mac(text, t) == s]
            print(path, response.status_code, 'result', result, 'signs', ' = '.join(signed))

asyncio.run(main())
PY

expected='/api/inngest 200 result {"a": 1} signs the body = the result
/streaming 201 result {"a": 1} signs null'
seen=$(env/bin/python run.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
