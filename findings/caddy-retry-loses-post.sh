#!/usr/bin/env bash
# Guess:    with `lb_try_duration`, a request whose first upstream refuses the connection goes to the next one, POST too:
#           not a byte was sent, so nothing is repeated. And `lb_policy first` ("the first available") fails over.
# Fact:     the second upstream is chosen, but the body was closed with the first attempt: a POST becomes a 502 and the second
#           upstream never gets it whole. With `fail_duration` that counts as a failure of the second one, too: one POST
#           marks both as down, the healthy one as well, and what follows gets 503. A GET fails over. And `first` alone never
#           leaves an upstream that refuses: without `fail_duration` it stays "available" and is tried until time is over.
# Matters:  every call of Inngest is a POST. Two gateways behind such a Caddy do not cover for each other: the restart of
#           one takes away both for `fail_duration`. Active health checks choose before an attempt
#           is made, and Inngest retries what fails.
# Versions: Caddy 2.6.2 (Debian 12).
set -euo pipefail
command -v caddy >/dev/null || apt-get install -y caddy >/dev/null
caddy version
caddy version | grep -Eq '^v?2\.6\.2( |$)' || { echo 'another version: measure again'; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >run.py <<'PY'
import http.client, http.server, os, socket, subprocess, threading, time

whole = []

class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        length = int(self.headers.get('content-length', 0))
        if len(self.rfile.read(length)) == length:
            whole.append(self.path)
        self.send_response(200)
        self.send_header('content-length', '0')
        self.end_headers()
    do_POST = do_GET

    def log_message(self, *_):
        pass

app = http.server.ThreadingHTTPServer(('127.0.0.1', 0), App)
threading.Thread(target=app.serve_forever, daemon=True).start()

def free():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        return taken.getsockname()[1]

refusing = socket.socket()  # bound and not listening: connections are refused
refusing.bind(('127.0.0.1', 0))
policies = {
    'first': 'lb_policy first',
    'marked GET': 'lb_policy first\nfail_duration 60s',
    'marked POST': 'lb_policy first\nfail_duration 60s',
}
ports = {name: free() for name in policies}
# Caddy counts failures for each address of an upstream, so each case has its own spelling of the refusing one.
names = {'first': '127.0.0.1', 'marked GET': 'localhost', 'marked POST': '127.0.0.1'}
with open('Caddyfile', 'w') as out:
    out.write('{\nadmin off\nauto_https off\n}\n')
    for name, policy in policies.items():
        out.write(f'http://127.0.0.1:{ports[name]} {{\nreverse_proxy {names[name]}:{refusing.getsockname()[1]}'
                  f' 127.0.0.1:{app.server_port} {{\nlb_try_duration 3s\n{policy}\n}}\n}}\n')

home = os.getcwd()
environment = dict(os.environ, HOME=home, XDG_CONFIG_HOME=home, XDG_DATA_HOME=home)
caddy = subprocess.Popen(['caddy', 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
                         stderr=subprocess.DEVNULL, env=environment)

def call(name, method, path):
    client = http.client.HTTPConnection('127.0.0.1', ports[name], timeout=30)
    client.request(method, path, b'{"a":1}' if method == 'POST' else None)
    status = client.getresponse().status
    print(f'{path[1:]}: status {status}, the second upstream got it whole {whole.count(path)} times')

try:
    for port in ports.values():
        for _ in range(150):
            try:
                socket.create_connection(('127.0.0.1', port)).close()
                break
            except OSError:
                time.sleep(0.1)
    call('first', 'GET', '/first-GET')
    call('marked GET', 'GET', '/fail_duration-GET')
    call('marked POST', 'POST', '/fail_duration-POST')
    call('marked POST', 'POST', '/fail_duration-next-POST')
finally:
    caddy.terminate()
    caddy.wait()
PY

expected='first-GET: status 502, the second upstream got it whole 0 times
fail_duration-GET: status 200, the second upstream got it whole 1 times
fail_duration-POST: status 502, the second upstream got it whole 0 times
fail_duration-next-POST: status 503, the second upstream got it whole 0 times'
seen=$(python3 run.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
