/** The bounds on what senders may use up. The defaults suit Inngest, whose largest call is 4 MiB. */
import { z } from 'zod'

import { bytes, bytesPerSecond, integer, milliseconds } from './values.ts'

export const limitsSchema = z
  .strictObject({
    maxHeaderSize: bytes('1KiB', '1MiB', '16KiB', 'Longest head of a request.'),
    maxHeaderCount: integer(10, 2000, 100, 'Most header fields of a request.'),
    headersTimeout: milliseconds('100ms', '10m', '10s', 'Time from connecting to a whole head.'),
    maxBodySize: bytes('1KiB', '1GiB', '10MiB', 'Longest request body.'),
    bodyTimeout: milliseconds('100ms', '1h', '30s', 'Time for a whole body.'),
    bodyIdleTimeout: milliseconds(
      '100ms',
      '1h',
      '10s',
      'Longest silence within a body; on passthrough routes too.',
    ),
    minBodyRate: bytesPerSecond(
      '0B/s',
      '1GiB/s',
      '1KiB/s',
      'Slowest body, on average after 5 s; 0B/s is any.',
    ),
    maxBufferedSize: bytes(
      '1KiB',
      '64GiB',
      '128MiB',
      'Most bytes of bodies held at once, over all requests; then 503.',
    ),
    maxConnections: integer(1, 1_000_000, 10_000, 'Most connections at once; then 503.'),
    maxConnectionsPerAddress: integer(
      1,
      1_000_000,
      2000,
      'Most connections of one IPv4 address or IPv6 /64, trusted proxies excepted; then 429.',
    ),
    maxRequestsInFlight: integer(
      1,
      1_000_000,
      5000,
      'Most requests whose body is being read or whose answer is awaited, an eighth of them for Inngest routes only; then 503.',
    ),
    responseStallTimeout: milliseconds(
      '100ms',
      '1h',
      '1m',
      'Longest time for which a client may take nothing of an answer or a WebSocket, or an app nothing of a streamed body.',
    ),
    keepAliveTimeout: milliseconds(
      '100ms',
      '1h',
      '65s',
      'Time for which an idle connection is kept; longer than that of a proxy in front.',
    ),
  })
  .prefault({})
