/** A secret that shows nothing of itself, however it is printed. */
export const REDACTED = '[redacted]'

export abstract class Redacted {
  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  /** What `util.inspect` and `console.log` print. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}
