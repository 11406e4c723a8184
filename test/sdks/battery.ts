/** The one battery: every case against one app. */
import { HOST } from './call.ts'
import { differences } from './compare.ts'
import { sendTo, type Response } from './exchange.ts'
import type { App } from './find-apps.ts'
import { forgedCases } from './forged-cases.ts'
import { sendForged } from './send-forged.ts'
import { honestCases, outOfBandSync, type HonestCase, type Way } from './honest-cases.ts'
import type { AppResult, HonestOutcome } from './results.ts'
import { startScene, type Scene } from './scene.ts'

export async function runBattery(app: App): Promise<AppResult> {
  const scene = await startScene(app)
  try {
    const honest: Record<string, HonestOutcome> = {}
    for (const each of honestCases) {
      if (each.needs !== undefined && !app.capabilities.includes(each.needs)) continue
      honest[each.name] = await runHonest(each, scene)
    }
    const registered = await registrationsOf(scene)
    const reached = await runForged(scene)
    return {
      name: app.name,
      language: app.language,
      sdk: app.sdk,
      version: app.version,
      adapter: app.adapter,
      ...(app.frameworkVersion !== undefined && { frameworkVersion: app.frameworkVersion }),
      capabilities: app.capabilities,
      honest,
      registered,
      forged: { sent: forgedCases.length, reached },
    }
  } finally {
    await scene.stop()
  }
}

async function runHonest(honest: HonestCase, scene: Scene): Promise<HonestOutcome> {
  const way = (port: number): Way => ({ port, send: sendTo(port), scene })
  const straight = await honest.run(way(scene.appPort))
  const before = scene.reached()
  const through = await honest.run(way(scene.gatewayPort))
  // Both that the gateway admitted it, and that nothing else than chance can be at fault.
  if (scene.app.unsteady.includes(honest.name) && scene.reached() > before) {
    return { outcome: 'unsteady' }
  }
  const found = differences(straight, through)
  return {
    outcome: judge(honest, straight, through, scene.reached() > before, found),
    straight: straight.map(({ status }) => status),
    gateway: through.map(({ status }) => status),
    ...(found.length > 0 && { differences: [...found] }),
  }
}

function judge(
  { accepts }: HonestCase,
  straight: readonly Response[],
  through: readonly Response[],
  hasReached: boolean,
  found: readonly string[],
): HonestOutcome['outcome'] {
  const isGood = accepts(straight)
  if (accepts(through)) return isGood ? (found.length === 0 ? 'same' : 'differs') : 'mended'
  return isGood || !hasReached ? 'failed' : 'refused'
}

/** What an out-of-band sync registers. */
async function registrationsOf(scene: Scene): Promise<AppResult['registered']> {
  const { app } = scene
  const [straight, gateway] = [
    await registered(scene, scene.appPort),
    await registered(scene, scene.gatewayPort),
  ]
  if (!app.capabilities.includes('serveOrigin')) return { straight, gateway }
  const pinned = await startScene(app, { environment: { SERVE_ORIGIN: `https://${HOST}` } })
  try {
    return { straight, gateway, withServeOrigin: await registered(pinned, pinned.gatewayPort) }
  } finally {
    await pinned.stop()
  }
}

async function registered(scene: Scene, port: number): Promise<string> {
  const before = scene.standIn.registered.length
  await outOfBandSync.run({ port, send: sendTo(port), scene })
  return scene.standIn.registered[before] ?? 'nothing'
}

/** @returns the names of those that reached the app. */
export async function runForged(scene: Scene): Promise<string[]> {
  const reached: string[] = []
  for (const forged of forgedCases) {
    if (await sendForged(forged, scene)) reached.push(forged.name)
  }
  return reached
}
