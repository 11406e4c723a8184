#!/usr/bin/env bash
# Guess:    Go's encoding/json sorts the keys of maps and writes numbers as ECMAScript does, so `SetEscapeHTML(false)` makes
#           its output canonical (RFC 8785).
# Fact:     in three cases it is not, and no setting changes that: negative zero is `-0`, U+2028 and U+2029 are escaped even with
#           SetEscapeHTML(false), and keys are sorted by their UTF-8 bytes, not by UTF-16 code units, which puts letters
#           beyond U+FFFF behind U+E000 to U+FFFF.
# Matters:  a signer or cache key built on it agrees with RFC 8785 libraries for years, until one event has text that was
#           pasted from a web page (U+2028) or an emoji as a key. Use an RFC 8785 library.
# Versions: Go 1.21 or later (seen with 1.26.8). Node 20 (RFC 8785 is ECMAScript's own form).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >run.go <<'GO'
package main

import (
	"encoding/json"
	"os"
)

func main() {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	for _, text := range os.Args[1:] {
		var value any
		json.Unmarshal([]byte(text), &value)
		encoder.Encode(value)
	}
}
GO
cat >run.mjs <<'JS'
const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)}}`;
};
for (const text of process.argv.slice(2)) console.log(canonical(JSON.parse(text)));
JS

texts=(
  '[1.0, 1e21, 1E-7, 0.000001, 9007199254740993]'
  '{"b": "<&>", "a": "\u00e9", "10": "\u007f", "9": "\b\u000b"}'
  '[-0, -0.0]'
  '["\u2028 \u2029"]'
  '{"\ud83d\ude00": 1, "\uff21": 2}'
)
# What a terminal would not show is shown by its number.
shown() { sed -e $'s/\u2028/<U+2028>/g' -e $'s/\u2029/<U+2029>/g' -e $'s/\u007f/<U+7F>/g'; }

expected='Go        [1,1e+21,1e-7,0.000001,9007199254740992]
canonical [1,1e+21,1e-7,0.000001,9007199254740992]
Go        {"10":"<U+7F>","9":"\b\u000b","a":"é","b":"<&>"}
canonical {"10":"<U+7F>","9":"\b\u000b","a":"é","b":"<&>"}
Go        [-0,-0]
canonical [0,0]
Go        ["\u2028 \u2029"]
canonical ["<U+2028> <U+2029>"]
Go        {"Ａ":2,"😀":1}
canonical {"😀":1,"Ａ":2}'
go run run.go "${texts[@]}" >go.txt
node run.mjs "${texts[@]}" >canonical.txt
seen=$(paste -d '\n' <(sed 's/^/Go        /' go.txt) <(sed 's/^/canonical /' canonical.txt) | LC_ALL=C.UTF-8 shown)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
