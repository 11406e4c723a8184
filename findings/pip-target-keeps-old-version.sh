#!/usr/bin/env bash
# Guess:    `pip install --target FOLDER name==NEW` leaves version NEW in the folder, or fails.
# Fact:     if the folder has another version, pip downloads NEW, prints a warning, leaves the old modules as they are, and
#           ends with 0. The folder then has the metadata of both versions, and `pip list --path` names one of them. `--upgrade`
#           replaces the modules, but keeps the metadata of the old version too.
# Matters:  a build that keeps its folder between runs (Lambda packages, vendored tools, CI caches) goes on with the old code
#           after a security update, and an audit by metadata may see the new version. Empty the folder first, or use a
#           virtual environment.
# Versions: pip 23.2.1 and 26.0, six 1.16.0 and 1.17.0 (PyPI).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env

install() { # FOLDER PACKAGE OPTIONS...
  local status=0
  env/bin/pip install --disable-pip-version-check --quiet --target "$@" 2>err.txt || status=$?
  printf '%s: status %d, warns: %s, code of %s, metadata of %s\n' "${*:2}" "$status" \
    "$(grep -q '^WARNING: Target directory' err.txt && echo yes || echo no)" \
    "$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$1/six.py")" \
    "$(cd "$1" && ls -d six-*.dist-info | sed 's/six-\(.*\).dist-info/\1/' | paste -sd ' ')"
}
for pip in 23.2.1 26.0; do
  env/bin/pip install --quiet --disable-pip-version-check "pip==$pip"
  echo "pip $pip"
  install "target-$pip" six==1.16.0
  install "target-$pip" six==1.17.0
  install "target-$pip" six==1.17.0 --upgrade
done >seen.txt

expected='pip 23.2.1
six==1.16.0: status 0, warns: no, code of 1.16.0, metadata of 1.16.0
six==1.17.0: status 0, warns: yes, code of 1.16.0, metadata of 1.16.0 1.17.0
six==1.17.0 --upgrade: status 0, warns: no, code of 1.17.0, metadata of 1.16.0 1.17.0
pip 26.0
six==1.16.0: status 0, warns: no, code of 1.16.0, metadata of 1.16.0
six==1.17.0: status 0, warns: yes, code of 1.16.0, metadata of 1.16.0 1.17.0
six==1.17.0 --upgrade: status 0, warns: no, code of 1.17.0, metadata of 1.16.0 1.17.0'
seen=$(cat seen.txt)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
