#!/usr/bin/env bash
# Guess:    `- fd00::` in a YAML list is the string "fd00::", as `- ::1` and `- fd00::/8` are strings.
# Fact:     a colon at the end of a plain scalar makes it a key: the item is the map {"fd00:": null}. JavaScript's yaml, PyYAML
#           and Go's yaml.v3 agree on that. In brackets they do not: `[fd00::]` is a map in yaml and PyYAML, a string in Go;
#           `[fd00::, ::1]` is read by yaml alone, a syntax error in the two others.
# Matters:  allowlists and trusted proxies are written so. A program that validates reports "expected string, received
#           object" for a right address; one that does not has an entry that matches nothing. A list that passed in a
#           Go tool can fail in a Node or Python process, and the other way. Quote addresses that end in a colon.
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
const { parse } = require('yaml');
for (const text of process.argv.slice(2)) {
  let result;
  try {
    result = JSON.stringify(parse(text));
  } catch {
    result = 'syntax error';
  }
  console.log(`yaml: ${text} -> ${result}`);
}
JS
cat >run.py <<'PY'
import json, sys, yaml
for text in sys.argv[1:]:
    try:
        result = json.dumps(yaml.safe_load(text), separators=(',', ':'))
    except yaml.YAMLError:
        result = 'syntax error'
    print(f'PyYAML: {text} -> {result}')
PY
cat >run.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"gopkg.in/yaml.v3"
)

func main() {
	for _, text := range os.Args[1:] {
		var value any
		result := []byte("syntax error")
		if yaml.Unmarshal([]byte(text), &value) == nil {
			result, _ = json.Marshal(value)
		}
		fmt.Printf("yaml.v3: %s -> %s\n", text, result)
	}
}
GO

expected='yaml: - ::1 -> ["::1"]
yaml: - fd00::/8 -> ["fd00::/8"]
yaml: - fd00:: -> [{"fd00:":null}]
yaml: [fd00::] -> [{"fd00:":null}]
yaml: [fd00::, ::1] -> [{"fd00:":null},"::1"]
PyYAML: - ::1 -> ["::1"]
PyYAML: - fd00::/8 -> ["fd00::/8"]
PyYAML: - fd00:: -> [{"fd00:":null}]
PyYAML: [fd00::] -> [{"fd00:":null}]
PyYAML: [fd00::, ::1] -> syntax error
yaml.v3: - ::1 -> ["::1"]
yaml.v3: - fd00::/8 -> ["fd00::/8"]
yaml.v3: - fd00:: -> [{"fd00:":null}]
yaml.v3: [fd00::] -> ["fd00::"]
yaml.v3: [fd00::, ::1] -> syntax error'
texts=('- ::1' '- fd00::/8' '- fd00::' '[fd00::]' '[fd00::, ::1]')
seen=$(node run.cjs "${texts[@]}"; env/bin/python run.py "${texts[@]}"; go run run.go "${texts[@]}" 2>go.log || cat go.log)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
