#!/usr/bin/env bash
# Guess:    a POST over `request_body { max_size }` gets a 413 from Caddy, and the upstream does not hear of it: the length
#           is in the request's head.
# Fact:     Caddy opens the request at the upstream, with the whole Content-Length announced, sends the bytes up to the
#           limit and breaks off. The client gets 502. Only a chunked request gets the 413, after the same broken request.
# Matters:  a limit that is meant to keep large bodies from a gateway makes aborted requests there instead, one for each,
#           and shows as an upstream fault. Inngest takes a 502 for a passing fault. Set the limit in the
#           gateway as well, and look for aborted bodies before you look for a broken network.
# Versions: Caddy 2.6.2 (Debian 12).
set -euo pipefail
command -v caddy >/dev/null || apt-get install -y caddy >/dev/null
caddy version
caddy version | grep -Eq '^v?2\.6\.2( |$)' || { echo 'another version: measure again'; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >run.py <<'PY'
import http.client, os, queue, re, socket, subprocess, threading, time

ended = queue.Queue()

def serve(connection):
    data = b''
    while True:
        try:
            part = connection.recv(65536)
        except OSError:
            part = b''
        data += part
        head, end, body = data.partition(b'\r\n\r\n')
        announced = re.search(rb'(?i)content-length: (\d+)', head)
        if not part:
            break
    if end:
        ended.put(announced and announced[1].decode() or 'chunked')
    connection.close()

def listen():
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

server = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=listen, daemon=True).start()
with socket.create_server(('127.0.0.1', 0)) as taken:
    port = taken.getsockname()[1]
with open('Caddyfile', 'w') as out:
    out.write(f'{{\nadmin off\nauto_https off\n}}\nhttp://127.0.0.1:{port} {{\nrequest_body {{\nmax_size 1KB\n}}\n'
              f'reverse_proxy 127.0.0.1:{server.getsockname()[1]}\n}}\n')
home = os.getcwd()
environment = dict(os.environ, HOME=home, XDG_CONFIG_HOME=home, XDG_DATA_HOME=home)
caddy = subprocess.Popen(['caddy', 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
                         stderr=subprocess.DEVNULL, env=environment)
try:
    for _ in range(150):
        try:
            socket.create_connection(('127.0.0.1', port)).close()
            break
        except OSError:
            time.sleep(0.1)
    for name, body in (('length', b'a' * 5000), ('chunked', iter([b'a' * 5000]))):
        client = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
        client.request('POST', '/', body, encode_chunked=name == 'chunked',
                       headers={'Transfer-Encoding': 'chunked'} if name == 'chunked' else {})
        status = client.getresponse().status
        print(f'{name}: status {status}, the upstream got a request that broke off: {ended.get(timeout=30)}')
finally:
    caddy.terminate()
    caddy.wait()
PY

expected='length: status 502, the upstream got a request that broke off: 5000
chunked: status 413, the upstream got a request that broke off: chunked'
seen=$(python3 run.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
