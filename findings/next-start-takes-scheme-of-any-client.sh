#!/usr/bin/env bash
# Guess:    in a route handler of Next.js, `request.url` has the scheme of the connection and the host of `Host`, as with other
#           servers that make a web Request (@hono/node-server), unless a proxy is configured as trusted.
# Fact:     `next start` of Next.js 16.4.6 takes the scheme from `X-Forwarded-Proto` of any client, without a setting. The host is
#           the one it listens on; neither `Host` nor `X-Forwarded-Host` changes it.
# Matters:  an SDK that registers the URL of the request (inngest/next in an out-of-band sync) registers https behind a proxy that
#           sets the header, where the same adapter on another server registers http. And whoever reaches the port without the
#           proxy chooses the scheme: a proxy in front has to overwrite the header.
# Versions: next 16.4.6, react 19.3.1 (npm). Node 22 or later.
set -euo pipefail
dir=$(mktemp -d)
trap '[[ -z ${server-} ]] || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir"
export NEXT_TELEMETRY_DISABLED=1
npm init --yes >/dev/null
npm pkg set type=module
npm install --silent --no-audit --no-fund --ignore-scripts next@16.4.6 react@19.3.1 react-dom@19.3.1
mkdir -p app/url
cat >app/url/route.js <<'JS'
export const dynamic = 'force-dynamic'
export const GET = (request) => new Response(new URL(request.url).origin)
JS
npx next build >build.log 2>&1 || { cat build.log; exit 1; }
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
node node_modules/next/dist/bin/next start --port "$port" --hostname 127.0.0.1 >start.log 2>&1 &
server=$!
until curl --silent --output /dev/null "http://127.0.0.1:$port/url"; do sleep 0.1; done
ask() { curl --silent --header 'Host: app.example.com' "$@" "http://127.0.0.1:$port/url"; }
{
  echo "no header: $(ask)"
  echo "X-Forwarded-Proto: $(ask --header 'X-Forwarded-Proto: https')"
  echo "X-Forwarded-Host: $(ask --header 'X-Forwarded-Host: other.example.com')"
} | sed "s/:$port$/:PORT/" | tee seen
diff seen - <<'EXPECTED'
no header: http://localhost:PORT
X-Forwarded-Proto: https://localhost:PORT
X-Forwarded-Host: http://localhost:PORT
EXPECTED
echo 'as stated'
