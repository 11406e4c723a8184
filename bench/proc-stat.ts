/** What Linux says a process has used, its children included. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** `USER_HZ`: what /proc counts in, on every architecture that Debian has. */
const TICKS_PER_SECOND = 100

/** User and system seconds of a process, of its threads, and of its children, ended ones included. */
export function cpuSeconds(pid: number): number {
  return family(pid).reduce((sum, member) => sum + ticksOf(member), 0) / TICKS_PER_SECOND
}

/** User and system seconds of the children of this process that have ended. */
export function endedChildrenSeconds(): number {
  const { ofChildren } = parseStat(readFileSync('/proc/self/stat', 'utf8'))
  return ofChildren / TICKS_PER_SECOND
}

/** Milliseconds of a process's threads, finer than in clock ticks. */
export function cpuMs(pid: number): number {
  // Nanoseconds (Linux, Documentation/scheduler/sched-stats.rst).
  const times = readdirSync(`/proc/${String(pid)}/task`).map((thread) =>
    readFileSync(`/proc/${String(pid)}/task/${thread}/schedstat`, 'utf8'),
  )
  return times.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e6
}

export function rssBytes(pid: number): number {
  const kilobytes = family(pid).map((member) => {
    const status = readFileSync(`/proc/${String(member)}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
  })
  return kilobytes.reduce((sum, size) => sum + size, 0) * 1024
}

const LOOK_EVERY_MS = 100
const MAX_LOOKS = 100

/** What is left of requests that nobody waits for any more must not be counted as another's. */
export async function untilIdle(pid: number): Promise<void> {
  let before = cpuSeconds(pid)
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    await sleep(LOOK_EVERY_MS)
    const now = cpuSeconds(pid)
    if (now - before <= 1 / TICKS_PER_SECOND) return
    before = now
  }
}

function family(pid: number): number[] {
  const tasks = readdirSync(`/proc/${String(pid)}/task`)
  const children = tasks.flatMap((task) =>
    readFileSync(`/proc/${String(pid)}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter(Boolean),
  )
  return [pid, ...children.flatMap((child) => family(Number(child)))]
}

function ticksOf(pid: number): number {
  const { own, ofChildren } = parseStat(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'))
  return own + ofChildren
}

/** @param text of /proc/PID/stat. @returns clock ticks. */
export function parseStat(text: string): { own: number; ofChildren: number } {
  // The name, in brackets, may hold spaces and brackets itself; utime is the 14th field (proc(5)).
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15)
  return { own: utime + stime, ofChildren: cutime + cstime }
}
