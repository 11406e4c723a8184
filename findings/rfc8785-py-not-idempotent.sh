#!/usr/bin/env bash
# Guess:    a canonical form is its own canonical form: what an RFC 8785 library writes, it also accepts.
# Fact:     PyPI rfc8785 writes the float 1e20 as 100000000000000000000, and after json.loads() refuses that text, its own
#           output, with IntegerDomainError: Python's parser makes an int of it, and ints above 2^53-1 are refused, while
#           the same JSON number written with an exponent passes. PyPI jcs accepts both and agrees with ECMAScript.
# Matters:  RFC 8785 numbers are doubles, whatever their spelling. A verifier built on rfc8785 refuses honest events with large
#           ids, and a re-encoding hop (1e20 becomes the long form) turns an accepted body into a refused one.
#           Parse with `json.loads(text, parse_int=float)`, which the last row shows, or use a library that does.
# Versions: rfc8785 0.1.4, jcs 0.2.1 (PyPI).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check rfc8785==0.1.4 jcs==0.2.1

cat >run.py <<'PY'
import json
import jcs
import rfc8785

def show(name, write, text, **options):
    try:
        result = write(json.loads(text, **options)).decode()
    except Exception as error:
        result = type(error).__name__
    print(f'{name}: {text} -> {result}')

for text in ('[1e20]', '[100000000000000000000]', '[9007199254740992.0]', '[9007199254740992]'):
    show('rfc8785', rfc8785.dumps, text)
    show('jcs', jcs.canonicalize, text)
show('rfc8785 after parse_int=float', rfc8785.dumps, '[100000000000000000000]', parse_int=float)
PY

expected='rfc8785: [1e20] -> [100000000000000000000]
jcs: [1e20] -> [100000000000000000000]
rfc8785: [100000000000000000000] -> IntegerDomainError
jcs: [100000000000000000000] -> [100000000000000000000]
rfc8785: [9007199254740992.0] -> [9007199254740992]
jcs: [9007199254740992.0] -> [9007199254740992]
rfc8785: [9007199254740992] -> IntegerDomainError
jcs: [9007199254740992] -> [9007199254740992]
rfc8785 after parse_int=float: [100000000000000000000] -> [100000000000000000000]'
seen=$(env/bin/python run.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
