/** Whether `npm test` may install Debian packages: in CI, or as root of a container. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

export interface Machine {
  /** Its root folder. */
  readonly root: string
  readonly environment: Environment
  readonly userId: number | undefined
}

export const thisMachine: Machine = {
  root: '/',
  environment: process.env,
  userId: process.getuid?.(),
}

export function isCi({ CI }: Environment = process.env): boolean {
  return CI === 'true' || CI === '1'
}

/** @returns why packages are installed; undefined if they are not. */
export function reasonToInstall(machine: Machine): string | undefined {
  if (isCi(machine.environment)) return 'CI=true'
  if (machine.userId !== 0 || !existsSync(path.join(machine.root, 'usr/bin/apt-get'))) {
    return undefined
  }
  const sign = signOfContainer(machine)
  return sign === undefined ? undefined : `root in a container (${sign})`
}

/**
 * "In a container" is what shows that the root file system is not that of a machine somebody uses: a file
 * or variable by which Docker, Podman, LXC, systemd-nspawn and Kubernetes mark their containers, a root
 * that is an overlay (containerd, BuildKit), or a root that is not process 1's (chroot).
 */
function signOfContainer({ root, environment }: Machine): string | undefined {
  const at = (file: string) => path.join(root, file)
  const marks = [
    '.dockerenv',
    'run/.containerenv',
    'run/host/container-manager',
    'run/systemd/container',
  ]
  const mark = marks.find((file) => existsSync(at(file)))
  if (mark !== undefined) return `/${mark}`
  const variable = ['container', 'KUBERNETES_SERVICE_HOST'].find((name) => environment[name])
  if (variable !== undefined) return `$${variable}`
  const mounts = read(at('proc/self/mountinfo'))
  if (OVERLAY_ROOT.test(mounts)) return 'an overlay as root'
  if (/(?:^|\0)container=/.test(read(at('proc/1/environ')))) return '$container of process 1'
  const isChroot = (mounts !== '' && !MOUNTED_ROOT.test(mounts)) || isOtherRoot(root)
  return isChroot ? 'chroot' : undefined
}

// proc_pid_mountinfo(5): the fifth field is the mount point, and the type follows a dash.
const OVERLAY_ROOT = /^(?:\S+ ){4}\/ .* - overlay /m
/** Missing in a chroot, whose root is a folder of some mount. */
const MOUNTED_ROOT = /^(?:\S+ ){4}\/ /m

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Than that of process 1, as far as this process may see. */
function isOtherRoot(root: string): boolean {
  try {
    const ofProcessOne = statSync(path.join(root, 'proc/1/root'))
    const own = statSync(root)
    return ofProcessOne.dev !== own.dev || ofProcessOne.ino !== own.ino
  } catch {
    return false
  }
}
