/** The gateway's configuration in its pod: folders for the ConfigMaps and Secrets that it mounts. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { IConfigMap as ConfigMap } from 'kubernetes-models/v1/ConfigMap'

import { readSettingsFile, type SettingsReading } from '../../gateway/config/load.ts'
import { gatewayIn, type Pod } from './kustomize.ts'

/** The contents of each Secret according to README.md; the certificate is that of the test fixtures. */
const secretKeys: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'inngest-signing-key': {
    current: 'signkey-test-12345678123456781234567812345678',
    fallback: 'signkey-test-12345678123456781234567812345678',
  },
  'inngest-gateway-valkey': { password: 'a password', 'users.acl': 'user default off' },
  'billing-tls': { 'tls.crt': fixture('cert.pem'), 'tls.key': fixture('key.pem') },
}

/** Reads the configuration that the gateway's arguments name, from folders like the pod's mounts. */
export function readInPod(pod: Pod, configMaps: readonly ConfigMap[]): SettingsReading {
  const root = mkdtempSync(path.join(tmpdir(), 'pod-'))
  try {
    const container = gatewayIn(pod)
    const mounts = container?.volumeMounts ?? []
    const inRoot = (text: string) =>
      mounts.reduce(
        (moved, { mountPath }) =>
          moved.replaceAll(new RegExp(`(?<![\\w/])${mountPath}/`, 'g'), `${root}${mountPath}/`),
        text,
      )
    for (const { name, mountPath } of mounts) {
      mkdirSync(path.join(root, mountPath), { recursive: true })
      for (const [file, text] of Object.entries(filesOf(pod, name, configMaps))) {
        writeFileSync(path.join(root, mountPath, file), inRoot(text))
      }
    }
    const file = container?.args?.at(-1) ?? ''
    return readSettingsFile(inRoot(file), {})
  } finally {
    rmSync(root, { recursive: true })
  }
}

function filesOf(
  { spec }: Pod,
  name: string,
  configMaps: readonly ConfigMap[],
): Readonly<Record<string, string>> {
  const volume = spec.volumes?.find((each) => each.name === name)
  if (volume?.configMap !== undefined) {
    return configMaps.find(({ metadata }) => metadata?.name === volume.configMap?.name)?.data ?? {}
  }
  const { secretName = '', items } = volume?.secret ?? {}
  const all = secretKeys[secretName] ?? {}
  const keys = items?.map(({ key }) => key) ?? Object.keys(all)
  return Object.fromEntries(keys.map((key) => [key, all[key] ?? '']))
}

function fixture(name: string): string {
  return readFileSync(path.resolve('test/fixtures/tls', name), 'utf8')
}
