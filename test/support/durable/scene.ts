/** A durable endpoint, optionally with a gateway in front of it, and the Inngest server that calls it. */
import { startTestGateway, testKey, type TestGateway } from '../test-gateway.ts'
import type { DurableApp, DurableAppOptions } from './app.ts'
import { startInngestServer, type InngestServer } from './server.ts'

/** The host name that users and Inngest use for the app. */
export const host = 'shop.example.com'

export interface DurableScene<App extends DurableApp> {
  readonly app: App
  readonly inngest: InngestServer
  readonly gateway: TestGateway | undefined
  /** The port that users and Inngest connect to. */
  readonly port: number
  stop(): Promise<void>
}

export interface SceneOptions<App extends DurableApp> {
  readonly startApp: (options: DurableAppOptions) => Promise<App>
  /** Settings of the gateway's route; without it there is no gateway. */
  readonly route?: Readonly<Record<string, unknown>>
  /** Settings of the gateway, in addition to the route. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Maximum number of re-entries. */
  readonly limit?: number
}

export async function startScene<App extends DurableApp>({
  startApp,
  route,
  config,
  limit,
}: SceneOptions<App>): Promise<DurableScene<App>> {
  let port = 0
  const inngest = await startInngestServer({
    key: testKey,
    resolve: () => port,
    ...(limit !== undefined && { limit }),
  })
  const app = await startApp({ key: testKey, apiUrl: inngest.url })
  const upstream = `http://127.0.0.1:${String(app.port)}`
  const gateway =
    route &&
    (await startTestGateway(upstream, {
      ...config,
      routes: [{ name: 'orders', host, upstream, ...route }],
    }))
  port = gateway?.port ?? app.port
  return {
    app,
    inngest,
    gateway,
    port,
    stop: async () => {
      await gateway?.stop()
      await app.stop()
      inngest.stop()
    },
  }
}
