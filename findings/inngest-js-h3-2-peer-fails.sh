#!/usr/bin/env bash
# Guess:    `npm install inngest h3` without a peer warning means that `inngest/h3` works.
# Fact:     the SDK's peer range for h3 is `>=1.8.1`, which h3 2 satisfies, so npm is silent; but the adapter imports names
#           that h3 2 no longer has, and the module fails to link before any code of the app runs. With h3 1 it loads.
# Matters:  an unpinned deploy of such an app comes up dead: behind a gateway that shows as 502 for every call while the
#           gateway itself is healthy. `inngest/edge` (a fetch handler) loads without h3, and is the way to h3 2.
# Versions: inngest 4.24.0, h3 2.0.8 and 1.15.4 (npm). Node 20 or later.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >run.mjs <<'JS'
import { readFileSync } from 'node:fs';
const read = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`));
const peer = read('inngest').peerDependencies.h3;
for (const adapter of ['h3', 'edge']) {
  let result;
  try {
    result = typeof (await import(`inngest/${adapter}`)).serve;
  } catch (error) {
    result = `${error.name}: ${error.message}`;
  }
  console.log(`h3 ${read('h3').version} (peer ${peer}), inngest/${adapter}: ${result}`);
}
JS

npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --strict-peer-deps inngest@4.24.0 h3@1.15.4
seen=$(node run.mjs)
npm install --silent --no-audit --no-fund --strict-peer-deps h3@2.0.8
seen=$(printf '%s\n' "$seen" && node run.mjs)

expected="h3 1.15.4 (peer >=1.8.1), inngest/h3: function
h3 1.15.4 (peer >=1.8.1), inngest/edge: function
h3 2.0.8 (peer >=1.8.1), inngest/h3: SyntaxError: The requested module 'h3' does not provide an export named 'send'
h3 2.0.8 (peer >=1.8.1), inngest/edge: function"
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
