#!/usr/bin/env bash
# Guess:    `retry-on empty-response` leaves POST alone, as nginx does without `non_idempotent` and as Go and undici do:
#           a request that the server may have executed is not sent a second time.
# Fact:     HAProxy looks at no method. It sends the same POST again, `retries` times, unless the request is larger than
#           its buffer (`tune.bufsize`, 16 KiB): the same rule retries small events and not large ones.
# Matters:  in front of a gateway that remembers signatures the second copy is a replay and gets a refusal, so the client
#           sees the refusal and not the first failure. Without such a gateway the function runs twice. Use
#           `http-request disable-l7-retry if METH_POST`, which the script shows as the third case.
# Versions: HAProxy 2.6.12 (Debian 12).
set -euo pipefail
command -v haproxy >/dev/null || apt-get install -y haproxy >/dev/null
haproxy -v | head -n 1
haproxy -v | grep -q 'version 2\.6\.12' || { echo 'another version: measure again'; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >run.py <<'PY'
import http.client, re, socket, subprocess, threading, time

received = []

def serve(connection):
    data = b''
    while True:
        part = connection.recv(65536)
        if not part:
            break
        data += part
        head, end, body = data.partition(b'\r\n\r\n')
        length = int((re.search(rb'(?i)content-length: (\d+)', head) or [0, 0])[1])
        if end and len(body) == length:  # read whole, then closed without a response
            received.append(head.split(b' ')[1].decode())
            break
    connection.close()

def listen():
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

server = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=listen, daemon=True).start()
backend = server.getsockname()[1]

def free():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        return taken.getsockname()[1]

ports = {'retry': free(), 'guarded': free()}
with open('haproxy.cfg', 'w') as out:
    out.write('defaults\n mode http\n timeout connect 2s\n timeout client 10s\n timeout server 10s\n retries 3\n')
    for name, port in ports.items():
        guard = ' http-request disable-l7-retry if METH_POST\n' if name == 'guarded' else ''
        out.write(f'listen {name}\n bind 127.0.0.1:{port}\n retry-on conn-failure empty-response\n{guard}'
                  f' server app 127.0.0.1:{backend}\n')

haproxy = subprocess.Popen(['haproxy', '-db', '-f', 'haproxy.cfg'], stderr=subprocess.DEVNULL)
try:
    for port in ports.values():
        for _ in range(100):
            try:
                socket.create_connection(('127.0.0.1', port)).close()
                break
            except OSError:
                time.sleep(0.1)
    for name, path, size in (('retry', '/small', 7), ('retry', '/large', 20000), ('guarded', '/guarded', 7)):
        client = http.client.HTTPConnection('127.0.0.1', ports[name], timeout=30)
        client.request('POST', path, b'a' * size)
        status = client.getresponse().status
        print(f'POST {path} of {size} bytes: status {status}, the server read it {received.count(path)} times')
finally:
    haproxy.terminate()
    haproxy.wait()
PY

expected='POST /small of 7 bytes: status 502, the server read it 4 times
POST /large of 20000 bytes: status 502, the server read it 1 times
POST /guarded of 7 bytes: status 502, the server read it 1 times'
seen=$(python3 run.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
