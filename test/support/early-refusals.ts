/** Uploads that a gateway refuses before it has read their bodies, and the number of refusals that arrive. */
import { processKey, startGatewayProcess, type GatewayProcess } from './gateway-process.ts'
import { signatureHeader } from './sender.ts'
import type { UploadClient } from './upload-clients.ts'

const COUNT = 20
const SIZE = 3_000_000

/** No request of these tests is forwarded. */
const NO_APP = 'http://127.0.0.1:9'

/** In its own process, so that it and the client run at the same time. */
export function startRefusingGateway(more: object = {}): Promise<GatewayProcess> {
  const inngest = { upstream: NO_APP, signingKeys: [{ env: 'INNGEST_SIGNING_KEY' }] }
  const closed = { policy: 'passthrough', upstream: NO_APP, allowlist: ['192.0.2.1'] }
  return startGatewayProcess(NO_APP, {
    limits: { maxBodySize: '100KiB' },
    routes: [
      { name: 'inngest', path: '/api/inngest', ...inngest },
      { name: 'closed', path: '/closed', ...closed },
    ],
    ...more,
  })
}

interface Case {
  readonly status: number
  readonly chunked: boolean
  readonly keep: boolean
}

const [length, chunks] = [{ chunked: false }, { chunked: true }]
const [close, kept] = [{ keep: false }, { keep: true }]

/** 413 depends on the announced length, or on the received bytes of a chunked upload. */
const cases: readonly Case[] = [
  { status: 401, ...length, ...kept },
  { status: 401, ...chunks, ...close },
  { status: 403, ...length, ...close },
  { status: 403, ...chunks, ...kept },
  { status: 413, ...length, ...close },
  { status: 413, ...length, ...kept },
  { status: 413, ...chunks, ...close },
  { status: 413, ...chunks, ...kept },
]

function uploadOf({ status, chunked, keep }: Case, origin: string, size: number) {
  const signature = signatureHeader(processKey, '', Math.floor(Date.now() / 1000))
  return {
    url: origin + (status === 403 ? '/closed' : '/api/inngest?fnId=f&stepId=step'),
    headers: status === 413 ? { 'x-inngest-signature': signature } : {},
    size,
    chunked,
    keep,
    count: COUNT,
  }
}

/** @returns for each case the number of uploads that received their refusal, and the outcome of the others. */
export async function arrivals(
  client: UploadClient,
  origin: string,
  size = SIZE,
): Promise<Record<string, string>> {
  // All cases at once, because most of an upload is waiting.
  const seen = await Promise.all(
    cases.map(async (one) => {
      const outcomes = await client(uploadOf(one, origin, size))
      const others = outcomes.filter((outcome) => outcome !== String(one.status))
      const arrived = `${String(outcomes.length - others.length)} of ${String(COUNT)}`
      return [nameOf(one), [arrived, ...new Set(others)].join(', ')] as const
    }),
  )
  return Object.fromEntries(seen)
}

function nameOf({ status, chunked, keep }: Case): string {
  return `${String(status)}, ${chunked ? 'chunked' : 'length'}, ${keep ? 'kept' : 'close'}`
}

/** The result of `arrivals` if no refusal is lost. */
export const allArrive: Readonly<Record<string, string>> = Object.fromEntries(
  cases.map((one) => [nameOf(one), `${String(COUNT)} of ${String(COUNT)}`]),
)

export const originOf = ({ port }: { readonly port: number }): string =>
  `http://127.0.0.1:${String(port)}`
