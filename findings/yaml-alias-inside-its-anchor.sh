#!/usr/bin/env bash
# Guess:    a YAML loader for settings gives a tree; an alias inside its own anchor is an error, at least with `strict`, or
#           counts against `maxAliasCount`.
# Fact:     JavaScript's yaml and PyYAML load it without an error or a warning, as an array that contains itself. `strict` does
#           not change that, and `maxAliasCount` counts it as one alias. Of its values only 0 and 1 refuse it, and both
#           refuse every alias. Go's yaml.v3 reports an error.
# Matters:  it is valid YAML, so a loader may accept it; but code that walks the result, merges or prints it was written for a
#           tree. Settings that one tool of a deployment rejects are a cycle in another. Refuse aliases, or look for
#           cycles before the walk.
# Versions: yaml 2.9.1 (npm), PyYAML 6.0.4 (PyPI), gopkg.in/yaml.v3 3.0.1 (Go). Node 20, Go 1.21 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund yaml@2.9.1
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.4
export GOFLAGS=-mod=mod GOPATH="$dir/go"
go mod init finding 2>/dev/null
go mod edit -require=gopkg.in/yaml.v3@v3.0.1

cat >run.cjs <<'JS'
const { parseDocument } = require('yaml');
const texts = { 'alias after its anchor': '[&a one, *a]', 'alias inside its anchor': '&a [one, *a]' };
for (const [what, text] of Object.entries(texts)) {
  for (const maxAliasCount of [100, 2, 1, 0]) {
    const document = parseDocument(text, { strict: true });
    let result;
    try {
      const list = document.toJS({ maxAliasCount });
      result = list[1] === list ? 'contains itself' : JSON.stringify(list);
    } catch (error) {
      result = error.name;
    }
    const found = document.errors.length + document.warnings.length;
    console.log(`yaml, ${what}, maxAliasCount ${maxAliasCount}: ${result}, errors and warnings ${found}`);
  }
}
JS
cat >run.py <<'PY'
import yaml
value = yaml.safe_load('&a [one, *a]')
print('PyYAML, alias inside its anchor:', 'contains itself' if value[1] is value else value)
PY
cat >run.go <<'GO'
package main

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

func main() {
	var value any
	fmt.Println("yaml.v3, alias inside its anchor:", yaml.Unmarshal([]byte("&a [one, *a]"), &value))
}
GO

expected='yaml, alias after its anchor, maxAliasCount 100: ["one","one"], errors and warnings 0
yaml, alias after its anchor, maxAliasCount 2: ["one","one"], errors and warnings 0
yaml, alias after its anchor, maxAliasCount 1: ReferenceError, errors and warnings 0
yaml, alias after its anchor, maxAliasCount 0: ReferenceError, errors and warnings 0
yaml, alias inside its anchor, maxAliasCount 100: contains itself, errors and warnings 0
yaml, alias inside its anchor, maxAliasCount 2: contains itself, errors and warnings 0
yaml, alias inside its anchor, maxAliasCount 1: ReferenceError, errors and warnings 0
yaml, alias inside its anchor, maxAliasCount 0: ReferenceError, errors and warnings 0
PyYAML, alias inside its anchor: contains itself
yaml.v3, alias inside its anchor: yaml: anchor '\''a'\'' value contains itself'
seen=$(node run.cjs; env/bin/python run.py; go run run.go 2>go.log || cat go.log)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
