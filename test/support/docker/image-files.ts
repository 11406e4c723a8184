/** The contents of an image, as `tar` lists them. */
import { spawnSync } from 'node:child_process'

import type { Docker } from './docker.ts'

export interface ImageFile {
  /** A folder ends in a slash. */
  readonly name: string
  /** Numbers of user and group. */
  readonly owner: string
  /** In the form of ls(1). */
  readonly mode: string
}

/** These belong to the container that is made to read it. */
const OF_CONTAINER = /^(?:dev|proc|sys)\/|^\.dockerenv$|^etc\/(?:hostname|hosts|resolv\.conf|mtab)$/

export function filesOf(docker: Docker, image: string): readonly ImageFile[] {
  const id = docker.run(['create', image])
  const list = `/usr/bin/docker export "$1" | tar --numeric-owner -tvf -`
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', list, '_', id], {
    env: docker.environment,
    encoding: 'utf8',
  })
  docker.run(['rm', id])
  if (status !== 0) throw new Error(`the image cannot be read: ${stderr}`)
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      // Mode, owner, size, date, time, name, and the target of a link.
      const [mode = '', owner = '', , , , ...rest] = line.split(/\s+/)
      return { name: rest.join(' ').replace(/ (?:->|link to) .*/, ''), owner, mode }
    })
    .filter(({ name }) => !OF_CONTAINER.test(name))
}
