/** The bounds on what senders may use up. The defaults suit Inngest, whose largest call is 4 MiB. */
import { z } from 'zod'

import { integer } from './values.ts'

export const limitsSchema = z
  .strictObject({
    maxHeaderBytes: integer(1024, 1_048_576, 16_384, 'Longest head of a request, in bytes.'),
    maxHeaderCount: integer(10, 2000, 100, 'Most header fields of a request.'),
    headersTimeoutMs: integer(
      100,
      600_000,
      10_000,
      'Time from connecting to a whole head, in milliseconds.',
    ),
    maxBodyBytes: integer(1024, 1_073_741_824, 10_485_760, 'Longest request body, in bytes.'),
    bodyTimeoutMs: integer(100, 3_600_000, 30_000, 'Time for a whole body, in milliseconds.'),
    bodyIdleTimeoutMs: integer(
      100,
      3_600_000,
      10_000,
      'Longest silence within a body, in milliseconds; on passthrough routes too.',
    ),
    minBodyBytesPerSecond: integer(
      0,
      1_073_741_824,
      1024,
      'Slowest body, on average after 5 s; 0 is any.',
    ),
    maxBufferedBytes: integer(
      1024,
      68_719_476_736,
      134_217_728,
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
    responseStallTimeoutMs: integer(
      100,
      3_600_000,
      60_000,
      'Longest time for which a client may take nothing of an answer or a WebSocket, or an app nothing of a streamed body, in milliseconds.',
    ),
    keepAliveTimeoutMs: integer(
      100,
      3_600_000,
      65_000,
      'Time for which an idle connection is kept, in milliseconds; longer than that of a proxy in front.',
    ),
  })
  .prefault({})
