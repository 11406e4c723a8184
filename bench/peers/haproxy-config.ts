/**
 * HAProxy: `option http-buffer-request` waits for the body, of which `req.body` then is as much as one
 * buffer holds, so that `tune.bufsize` must hold the longest whole. The signed text is the body with the
 * timestamp behind it (`concat`); `hmac`, whose key is written in base64, makes the MAC of it.
 */
import type { PeerPorts } from './nginx-config.ts'

const MAX_HEAD_BYTES = 8192

/** @param bodyBytes of the longest body. */
export function haproxyConfig(
  { port, upstreamPort }: PeerPorts,
  key: string,
  bodyBytes: number,
): string {
  const base64 = Buffer.from(key).toString('base64')
  return `
global
  nbthread 1
  maxconn 2000
  tune.bufsize ${String(bodyBytes + 2 * MAX_HEAD_BYTES)}
  tune.maxrewrite ${String(MAX_HEAD_BYTES)}
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-request 60s
  option http-keep-alive
frontend downstream
  bind 127.0.0.1:${String(port)}
  option http-buffer-request
  http-request set-var(txn.t) req.hdr(x-inngest-signature),field(1,&),field(2,=)
  http-request set-var(txn.s) req.hdr(x-inngest-signature),field(2,&),field(2,=)
  http-request set-var(txn.mac) req.body,concat(,txn.t),hmac(sha256,${base64}),hex,lower
  http-request deny deny_status 401 unless { var(txn.mac),strcmp(txn.s) eq 0 }
  default_backend app
backend app
  http-reuse always
  server app 127.0.0.1:${String(upstreamPort)}
`
}
