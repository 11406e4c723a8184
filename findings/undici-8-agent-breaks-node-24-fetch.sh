#!/usr/bin/env bash
# Guess:    an Agent of the undici package can be given to Node's own fetch as `dispatcher`, since that fetch is undici;
#           whether it is set for one call or globally makes no difference.
# Fact:     on Node 24, whose fetch is undici 7, an Agent of undici 8 as `dispatcher` fails every call ("fetch failed", cause
#           "invalid onRequestStart method"). The same Agent works when set by setGlobalDispatcher of the same package,
#           and on Node 26, whose fetch is undici 8.
# Matters:  custom CAs, proxies and timeouts for an SDK's calls to Inngest's API are set so. An update of one dependency
#           breaks all of them on the older LTS line alone, as an error that reads like a network fault.
# Versions: undici 8.13.1, Node 24.18.1 (undici 7.29.0 inside), Node 26.10.0 (undici 8.10.2 inside), all from npm.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund undici@8.13.1
for version in 24.18.1 26.10.0; do
  npm install --silent --no-audit --no-fund --prefix "$dir/$version" "node@$version"
done

cat >run.mjs <<'JS'
import { createServer } from 'node:http';
import { Agent, setGlobalDispatcher } from 'undici';

const server = createServer((req, res) => res.end('ok'));
await new Promise((done) => server.listen(0, '127.0.0.1', done));

async function show(how, options) {
  let result;
  try {
    result = await (await fetch(`http://127.0.0.1:${server.address().port}`, options)).text();
  } catch (error) {
    result = `${error.message}: ${error.cause?.message}`;
  }
  console.log(`Node ${process.version}, fetch of undici ${process.versions.undici}, ${how}: ${result}`);
}

await show('dispatcher', { dispatcher: new Agent() });
setGlobalDispatcher(new Agent());
await show('global', {});
process.exit(0);
JS

expected='Node v24.18.1, fetch of undici 7.29.0, dispatcher: fetch failed: invalid onRequestStart method
Node v24.18.1, fetch of undici 7.29.0, global: ok
Node v26.10.0, fetch of undici 8.10.2, dispatcher: ok
Node v26.10.0, fetch of undici 8.10.2, global: ok'
seen=$(for version in 24.18.1 26.10.0; do "$version/node_modules/.bin/node" run.mjs; done)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
