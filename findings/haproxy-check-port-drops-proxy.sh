#!/usr/bin/env bash
# Guess:    on a `server` line with `send-proxy`, naming the check's port with `check port N`, where N is the port that
#           the server has anyway, changes nothing.
# Fact:     as soon as `port` is present, health checks come without a PROXY header, though N is the same port.
#           `check-send-proxy` brings it back. And where the header is sent, version 1 writes HAProxy's own
#           connection (TCP4), while version 2 writes the command LOCAL without addresses.
# Matters:  a listener that requires the header refuses such checks: HAProxy marks a healthy gateway as down. And a
#           gateway that counts or filters by address sees the balancer (v1) or no address (v2) for the same check.
# Versions: HAProxy 2.6.12 (Debian 12).
set -euo pipefail
command -v haproxy >/dev/null || apt-get install -y haproxy >/dev/null
haproxy -v | head -n 1
haproxy -v | grep -q 'version 2\.6\.12' || { echo 'another version: measure again'; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >run.py <<'PY'
import socket, subprocess

cases = {
    'send-proxy check': None,
    'send-proxy check port SAME': None,
    'send-proxy check port SAME check-send-proxy': None,
    'send-proxy-v2 check': None,
}
servers = {name: socket.create_server(('127.0.0.1', 0)) for name in cases}
with open('haproxy.cfg', 'w') as out:
    out.write('defaults\n mode http\n timeout connect 5s\n timeout server 5s\n timeout client 5s\n')
    out.write('frontend unused\n bind unix@unused.sock\n')  # HAProxy does not start without a listener
    for number, (name, server) in enumerate(servers.items()):
        port = server.getsockname()[1]
        options = name.replace('SAME', str(port))
        out.write(f'backend b{number}\n option httpchk GET /health\n server s 127.0.0.1:{port} {options}\n')

def describe(data):
    if data.startswith(b'PROXY TCP4 127.0.0.1 127.0.0.1 '):
        return 'version 1, TCP4, from the balancer itself'
    if data.startswith(b'\r\n\r\n\0\r\nQUIT\n'):
        command = {0x20: 'LOCAL', 0x21: 'PROXY'}[data[12]]
        return f'version 2, {command}, {int.from_bytes(data[14:16], "big")} bytes of addresses'
    if data.startswith(b'GET /health '):
        return 'no PROXY header'
    return repr(data)

haproxy = subprocess.Popen(['haproxy', '-db', '-f', 'haproxy.cfg'], stderr=subprocess.DEVNULL)
try:
    for name, server in servers.items():
        server.settimeout(30)
        connection, _ = server.accept()
        connection.settimeout(30)
        data = b''
        while b'GET /health' not in data or not data.endswith(b'\r\n\r\n'):
            part = connection.recv(4096)
            if not part:
                break
            data += part
        connection.close()
        print(f'{name}: {describe(data)}')
finally:
    haproxy.terminate()
    haproxy.wait()
PY

expected='send-proxy check: version 1, TCP4, from the balancer itself
send-proxy check port SAME: no PROXY header
send-proxy check port SAME check-send-proxy: version 1, TCP4, from the balancer itself
send-proxy-v2 check: version 2, LOCAL, 0 bytes of addresses'
seen=$(python3 run.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'changed; expected was\n%s\n' "$expected"; exit 1; }
