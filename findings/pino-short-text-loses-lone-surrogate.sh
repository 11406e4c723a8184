#!/usr/bin/env bash
# Guess:    pino writes each string of a line as JSON.stringify does, since `JSON.parse` is to give it back: a lone surrogate
#           becomes an escape such as \ud800 (well-formed JSON.stringify, ES2019).
# Fact:     on Node 24 that is so for texts over 100 characters. A shorter text is written by a loop of pino's own, and its
#           lone surrogate becomes U+FFFD, in a member's name too. On Node 26 all texts have the escape.
# Matters:  half of an emoji is what is left where a text was cut by its length. Then two texts that differ look equal in
#           the log, the same text looks different by its length, and a line that is compared, hashed or found again by its
#           value changes with the release of Node. Use `toWellFormed()` before logging what others wrote.
# Versions: pino 10.4.0, Node 24.21.0 and 26.10.0 (from npm).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund pino@10.4.0
for version in 24.21.0 26.10.0; do
  mkdir "$version"
  (cd "$version" && npm init --yes >/dev/null && npm install --silent --no-audit --no-fund "node@$version")
done

cat >run.mjs <<'JS'
import { Writable } from 'node:stream';
import { pino } from 'pino';

const lines = [];
const sink = new Writable({ write: (bytes, _encoding, done) => (lines.push(bytes.toString()), done()) });
const logger = pino({ base: null, timestamp: false }, sink);
const kinds = {
  'text of 40 characters': (text) => (logger.info({ text: text.padEnd(40, '.') }), 'text'),
  'text of 100 characters': (text) => (logger.info({ text: text.padEnd(100, '.') }), 'text'),
  'text of 101 characters': (text) => (logger.info({ text: text.padEnd(101, '.') }), 'text'),
  message: (text) => (logger.info(text), 'msg'),
  'text in an object': (text) => (logger.info({ text: { in: text } }), 'text'),
};
for (const [kind, log] of Object.entries(kinds)) {
  const text = 'cut \ud83d';
  const key = log(text);
  const read = JSON.parse(lines.pop())[key];
  const seen = (read.in ?? read).slice(4, 5);
  console.log(`Node ${process.version}, ${kind}: U+${seen.charCodeAt(0).toString(16).toUpperCase()}`);
}
JS

expected='Node v24.21.0, text of 40 characters: U+FFFD
Node v24.21.0, text of 100 characters: U+FFFD
Node v24.21.0, text of 101 characters: U+D83D
Node v24.21.0, message: U+FFFD
Node v24.21.0, text in an object: U+D83D
Node v26.10.0, text of 40 characters: U+D83D
Node v26.10.0, text of 100 characters: U+D83D
Node v26.10.0, text of 101 characters: U+D83D
Node v26.10.0, message: U+D83D
Node v26.10.0, text in an object: U+D83D'
seen=$(for version in 24.21.0 26.10.0; do "$version/node_modules/.bin/node" run.mjs; done)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
