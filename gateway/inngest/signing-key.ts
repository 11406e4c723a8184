/**
 * A signing key in the form that Inngest uses: the ASCII text of the key without its `signkey-<env>-` prefix.
 * The hex is not decoded (inngest-js `helpers/net.ts`, inngestgo `signature.go`).
 */
import { createSecretKey, type KeyObject } from 'node:crypto'

import { Redacted } from '../redact/redact-secrets.ts'

const PREFIX = /^signkey-\w+-/

/** Visible ASCII: a key with other characters was copied wrongly, and cannot be Inngest's. */
const BARE_KEY = /^[\x21-\x7e]+$/

/** Inngest makes keys of 64 digits, and a self-hosted server refuses an odd number. */
const INNGEST_FORM = /^(?:[0-9a-f]{2}){16,}$/i

export class SigningKey extends Redacted {
  /** The source of the key, for the log: `env:INNGEST_SIGNING_KEY`. Never the key. */
  readonly label: string
  /**
   * The key made from the full text, if that has a prefix. No request is verified with it. A self-hosted server
   * that was configured with a prefix signs calls in this way (inngest `httpdriver/config.go`), and this key
   * serves to explain the refusals.
   */
  readonly withPrefix: SigningKey | undefined
  /**
   * Whether it may be a key of Inngest's. Other keys are not refused, because an app signs with them as well.
   * But a mistyped key would otherwise show only as signatures that do not match.
   */
  readonly hasInngestForm: boolean
  readonly #keyObject: KeyObject

  private constructor(label: string, text: string, withPrefix?: SigningKey) {
    super()
    this.label = label
    this.withPrefix = withPrefix
    this.hasInngestForm = INNGEST_FORM.test(text)
    this.#keyObject = createSecretKey(text, 'ascii')
  }

  /**
   * Reads a key as an operator has it, with or without its prefix and with surrounding white space.
   * @returns undefined if the rest is empty (any client can make the MAC of an empty key, inngestgo issue 245)
   * or has anything but visible ASCII.
   */
  static parse(label: string, text: string): SigningKey | undefined {
    const trimmed = text.trim()
    const bare = trimmed.replace(PREFIX, '')
    if (!BARE_KEY.test(bare)) return undefined
    const withPrefix = bare === trimmed ? undefined : new SigningKey(label, trimmed)
    return new SigningKey(label, bare, withPrefix)
  }

  /** The key for `createHmac`. There is no other access to it. */
  get hmacKey(): KeyObject {
    return this.#keyObject
  }

  /** Whether it makes the same signatures, regardless of its source. */
  isSameKey(other: SigningKey): boolean {
    return this.#keyObject.equals(other.#keyObject)
  }

  /** Whether both have the same source and the same text. */
  equals(other: SigningKey): boolean {
    const isPrefixAlike =
      this.withPrefix === undefined
        ? other.withPrefix === undefined
        : other.withPrefix?.isSameKey(this.withPrefix) === true
    return this.label === other.label && this.isSameKey(other) && isPrefixAlike
  }
}
