/** Limits on the resources that senders may use. The defaults suit Inngest, whose largest call has 4 MiB. */
import { z } from 'zod'

import { bytes, bytesPerSecond, integer, milliseconds } from './values.ts'

export const limitsSchema = z
  .strictObject({
    maxHeaderSize: bytes(
      '1KiB',
      '1MiB',
      '16KiB',
      'Maximum size of the request headers; larger ones get 431.',
    ),
    maxHeaderCount: integer(10, 2000, 100, 'Maximum number of headers in a request; more get 431.'),
    headersTimeout: milliseconds(
      '100ms',
      '10m',
      '10s',
      'Maximum time from the start of a connection until all request headers have arrived.',
    ),
    maxBodySize: bytes('1KiB', '1GiB', '10MiB', 'Maximum size of a request body.'),
    bodyTimeout: milliseconds(
      '100ms',
      '1h',
      '30s',
      'Maximum time to receive a whole request body.',
    ),
    bodyIdleTimeout: milliseconds(
      '100ms',
      '1h',
      '10s',
      'Maximum time between two parts of a request body; also on passthrough routes.',
    ),
    minBodyRate: bytesPerSecond(
      '0B/s',
      '1GiB/s',
      '1KiB/s',
      'Minimum average rate of a request body, measured after 5 s; 0B/s disables the check.',
    ),
    maxBufferedSize: bytes(
      '1KiB',
      '64GiB',
      '128MiB',
      'Maximum size of all request bodies held in memory; requests beyond it get 503.',
    ),
    maxConnections: integer(
      1,
      1_000_000,
      10_000,
      'Maximum number of open connections; further ones get 503.',
    ),
    maxConnectionsPerAddress: integer(
      1,
      1_000_000,
      2000,
      'Maximum number of connections from one IPv4 address or IPv6 /64, except trusted proxies; further ones get 429.',
    ),
    maxRequestsInFlight: integer(
      1,
      1_000_000,
      5000,
      'Maximum number of requests in flight (reading the body or waiting for the response); one eighth is reserved for Inngest routes. Further requests get 503.',
    ),
    responseStallTimeout: milliseconds(
      '100ms',
      '1h',
      '1m',
      'Maximum time in which a client reads nothing of a response or WebSocket, or an app reads nothing of a streamed request body.',
    ),
    keepAliveTimeout: milliseconds(
      '100ms',
      '1h',
      '65s',
      'How long an idle client connection stays open; set more than the idle timeout of a proxy in front.',
    ),
  })
  .prefault({})
