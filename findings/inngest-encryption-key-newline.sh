#!/usr/bin/env bash
# Guess:    apps in JavaScript and Python with the same encryption key read each other's data, as their common strategy
#           `inngest/libsodium` says.
# Fact:     they do if the key has no white space at its ends. The JavaScript middleware trims the key before it hashes it, the
#           Python middleware hashes it as it is, so a key that was read from a file with a final newline is two keys.
# Matters:  each app works with itself. What an app in the other language sent fails with "Failed to decrypt data" or "wrong
#           secret key", and the key, compared by eye or by its hash without the newline, is the same. Trim keys when you read them.
# Versions: @inngest/middleware-encryption 2.0.0, inngest 4.24.0 (npm), inngest-encryption 0.1.0, inngest 0.5.19 (PyPI). Node 20.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @inngest/middleware-encryption@2.0.0 inngest@4.24.0
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inngest==0.5.19 inngest-encryption==0.1.0

# Both use the service that their middleware uses for steps and events.
cat >run.cjs <<'JS'
const { LibSodiumEncryptionService } = require('./node_modules/@inngest/middleware-encryption/strategies/libSodium.js');
const [what, key, data] = process.argv.slice(2);
const service = new LibSodiumEncryptionService(key);
const done = what === 'write' ? service.encrypt({ n: 1 }) : service.decrypt(data).then(JSON.stringify);
done.then(console.log, () => console.log('fails'));
JS
cat >run.py <<'PY'
import json, sys
import inngest
from inngest_encryption import EncryptionMiddleware

what, key, *data = sys.argv[1:]
client = inngest.Inngest(app_id='app', is_production=False)
middleware = EncryptionMiddleware(client, None, key)
if what == 'write':
    print(middleware._encrypt({'n': 1})['data'])
else:
    sent = {'__ENCRYPTED__': True, '__STRATEGY__': 'inngest/libsodium', 'data': data[0]}
    try:
        print(json.dumps(middleware._decrypt(sent), separators=(',', ':')))
    except Exception:
        print('fails')
PY
javascript=(node run.cjs)
python=(env/bin/python run.py)

expected='key, Python reads JavaScript: {"n":1}
key, JavaScript reads Python: {"n":1}
key with a newline, Python reads JavaScript: fails
key with a newline, JavaScript reads Python: fails
key with a newline, JavaScript reads JavaScript: {"n":1}
key with a newline, Python reads Python: {"n":1}'
read_by() { # NAME KEY READER WRITER
  local -n reader=${3,,} writer=${4,,}
  echo "$1, $3 reads $4: $("${reader[@]}" read "$2" "$("${writer[@]}" write "$2")")"
}
plain=a-key-of-this-test-only
newline=$plain$'\n'
seen=$(
  read_by key "$plain" Python JavaScript
  read_by key "$plain" JavaScript Python
  read_by 'key with a newline' "$newline" Python JavaScript
  read_by 'key with a newline' "$newline" JavaScript Python
  read_by 'key with a newline' "$newline" JavaScript JavaScript
  read_by 'key with a newline' "$newline" Python Python
)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
