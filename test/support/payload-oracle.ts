/**
 * Whether a function call's body is encrypted, judged from the result of `JSON.parse`: slow, short, and without
 * code of the gateway.
 */
interface Rules {
  readonly eventField: string
  readonly strategies: readonly string[]
  readonly plainSteps: readonly string[]
}

type Members = Readonly<Record<string, unknown>>

/** @returns whether it may pass where encryption is required. */
export function isPayloadEncrypted(text: string, rules: Rules): boolean {
  const body: unknown = JSON.parse(text)
  if (!isMembers(body)) return false
  const { event = null, events = null, steps = null } = body
  const all = events ?? []
  if (!Array.isArray(all) || !isMembers(steps ?? {})) return false
  const left = Object.values((steps ?? {}) as Members)
  return (
    [event, ...(all as unknown[])].every((each) => isEventFine(each, rules)) &&
    left.every((step) => isStepFine(step, rules))
  )
}

function isEventFine(event: unknown, rules: Rules): boolean {
  if (event === null) return true
  if (!isMembers(event) || Object.hasOwn(event, '__proto__')) return false
  return isEventDataFine(event['data'], rules)
}

function isEventDataFine(data: unknown, rules: Rules): boolean {
  if (!isMembers(data)) return true
  if (Object.hasOwn(data, '__proto__')) return false
  const value = Object.hasOwn(data, rules.eventField) ? data[rules.eventField] : null
  return value === null || isEncrypted(value, rules)
}

function isStepFine(step: unknown, rules: Rules): boolean {
  if (step === null) return true
  if (!isMembers(step)) return false
  if (hasOnly(step, ['data', 'error', 'input'])) {
    const { data = null } = step
    return data === null || isEncrypted(data, rules) || isPlainStep(data, rules)
  }
  if (hasOnly(step, ['data', 'id', 'name', 'ts', 'user', 'v'])) {
    return hasAll(step, ['data', 'id', 'name', 'ts']) && isEventDataFine(step['data'], rules)
  }
  return isEncrypted(step, rules)
}

function isPlainStep(data: unknown, { plainSteps }: Rules): boolean {
  if (!isMembers(data)) return false
  const isSignal = hasOnly(data, ['data', 'signal']) && hasAll(data, ['data', 'signal'])
  const isFetch =
    hasOnly(data, ['body', 'headers', 'status_code', 'url']) &&
    hasAll(data, ['body', 'status_code'])
  return (isSignal && plainSteps.includes('signal')) || (isFetch && plainSteps.includes('fetch'))
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function isEncrypted(value: unknown, rules: Rules): boolean {
  if (!isMembers(value) || !hasOnly(value, ['__ENCRYPTED__', '__STRATEGY__', 'data'])) return false
  const { __ENCRYPTED__: marker, data } = value
  // Version 0 of the middleware named no strategy.
  const strategy = Object.hasOwn(value, '__STRATEGY__') ? value['__STRATEGY__'] : 'inngest/aes'
  return marker === true && typeof data === 'string' && isText(data, strategy, rules)
}

function isText(data: string, strategy: unknown, { strategies }: Rules): boolean {
  if (strategy === 'inngest/libsodium') return data.length >= 56 && BASE64.test(data)
  if (strategy === 'inngest/aes') {
    return data.length >= 44 && data.startsWith('U2FsdGVkX1') && BASE64.test(data)
  }
  return strategies.some((name) => name === strategy) && /^[!#-[\]-~]+$/.test(data)
}

function hasOnly(value: Members, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name))
}

function hasAll(value: Members, names: readonly string[]): boolean {
  return names.every((name) => Object.hasOwn(value, name))
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
