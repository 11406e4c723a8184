#!/usr/bin/env bash
# Guess:    INNGEST_SERVE_ORIGIN sets the public origin of an app, whatever SDK it is written with.
# Fact:     JavaScript reads INNGEST_SERVE_ORIGIN and the deprecated INNGEST_SERVE_HOST, Python the first alone, Go the second
#           alone. The one that an SDK does not know is ignored without a word, and the URL of the request is registered.
# Matters:  one setting for all apps behind a proxy leaves some of them registered under an address of their own: Inngest
#           then calls them past the proxy, or not at all. Set both, or the option in the code (`serveOrigin`,
#           `serve_origin`, `Origin`).
# Versions: inngest 4.24.0 (npm), inngest 0.5.19 with flask 3.1.3 (PyPI), inngestgo 0.16.0 (Go modules). Node 20, Go 1.25.9 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund inngest@4.24.0
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inngest==0.5.19 flask==3.1.3
go mod init finding 2>/dev/null
go mod edit -require=github.com/inngest/inngestgo@v0.16.0

# Each asks its app for an in-band sync, as Inngest does, and prints the address that the app names for itself.
cat >run.mjs <<'JS'
import { createHmac } from 'node:crypto';
import { Inngest } from 'inngest';
import { serve } from 'inngest/edge';

const client = new Inngest({ id: 'app', isDev: false, logger: { debug() {}, info() {}, warn() {}, error() {} } });
const functions = [client.createFunction({ id: 'a', triggers: [{ event: 'test/a' }] }, () => null)];
const body = '{"url":"http://app.internal/api/inngest"}';
const t = Math.floor(Date.now() / 1000);
const s = createHmac('sha256', 'ab'.repeat(16)).update(body + t).digest('hex');
const headers = { host: 'app.internal', 'x-inngest-signature': `t=${t}&s=${s}`, 'x-inngest-sync-kind': 'in_band', 'content-type': 'application/json' };
const response = await serve({ client, functions })(new Request('http://app.internal/api/inngest', { method: 'PUT', headers, body }));
console.log('JavaScript', (await response.json()).url);
JS
cat >run.py <<'PY'
import hashlib, hmac, logging, time
import flask, inngest, inngest.flask

client = inngest.Inngest(app_id='app', is_production=True)

@client.create_function(fn_id='a', trigger=inngest.TriggerEvent(event='test/a'))
def a(ctx):
    return None

app = flask.Flask(__name__)
inngest.flask.serve(app, client, [a])
body = b'{"url":"http://app.internal/api/inngest"}'
t = str(int(time.time()))
s = hmac.new(b'ab' * 16, body + t.encode(), hashlib.sha256).hexdigest()
headers = {'X-Inngest-Signature': f't={t}&s={s}', 'X-Inngest-Sync-Kind': 'in_band'}
response = app.test_client().put('/api/inngest', data=body, headers=headers, base_url='http://app.internal')
print('Python', response.json['url'])
PY
cat >main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/inngest/inngestgo"
)

func main() {
	client, err := inngestgo.NewClient(inngestgo.ClientOpts{AppID: "app", Dev: inngestgo.BoolPtr(false)})
	if err != nil {
		panic(err)
	}
	inngestgo.CreateFunction(client, inngestgo.FunctionOpts{ID: "a"}, inngestgo.EventTrigger("test/a", nil),
		func(context.Context, inngestgo.Input[any]) (any, error) { return nil, nil })
	body := `{"url":"http://app.internal/api/inngest"}`
	signature, _ := inngestgo.Sign(context.Background(), time.Now(), []byte(os.Getenv("INNGEST_SIGNING_KEY")), []byte(body))
	request := httptest.NewRequest("PUT", "http://app.internal/api/inngest", strings.NewReader(body))
	request.Header.Set("X-Inngest-Signature", signature)
	response := httptest.NewRecorder()
	client.Serve().ServeHTTP(response, request)
	var synced struct{ URL string }
	json.Unmarshal(response.Body.Bytes(), &synced)
	fmt.Println("Go", synced.URL)
}
GO
go mod tidy 2>/dev/null
go build -o run-go . 2>/dev/null

export INNGEST_SIGNING_KEY=signkey-test-abababababababababababababababab
expected='INNGEST_SERVE_ORIGIN
JavaScript https://public.example/api/inngest
Python https://public.example/api/inngest
Go http://app.internal/api/inngest
INNGEST_SERVE_HOST
JavaScript https://public.example/api/inngest
Python http://app.internal/api/inngest
Go https://public.example/api/inngest'
seen=$(
  for name in INNGEST_SERVE_ORIGIN INNGEST_SERVE_HOST; do
    echo "$name"
    for program in 'node run.mjs' 'env/bin/python run.py' ./run-go; do env "$name=https://public.example" $program; done
  done
)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
