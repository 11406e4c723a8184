/**
 * A signing key as Inngest uses it: the ASCII text of the key without its `signkey-<env>-` prefix.
 * The hex is not decoded (inngest-js `helpers/net.ts`, inngestgo `signature.go`).
 */
import { createSecretKey, type KeyObject } from 'node:crypto'

import { Redacted } from '../redact/redact-secrets.ts'

const PREFIX = /^signkey-\w+-/

/** Visible ASCII: a key with anything else was cut or pasted wrongly, and could not be Inngest's. */
const BARE_KEY = /^[\x21-\x7e]+$/

/** Inngest makes keys of 64 digits, and a self-hosted server takes none of an odd number. */
const INNGEST_FORM = /^(?:[0-9a-f]{2}){16,}$/i

export class SigningKey extends Redacted {
  /** Where the key came from, for the log: `env:INNGEST_SIGNING_KEY`. Never the key. */
  readonly label: string
  /**
   * The key over its text as it stands, if that has a prefix. Nothing is verified with it: a
   * self-hosted server that was given a prefix signs calls so (inngest `httpdriver/config.go`), and
   * a refusal that comes of it can be explained.
   */
  readonly withPrefix: SigningKey | undefined
  /**
   * It could be a key of Inngest's. Nothing is refused for another, with which an app signs as well;
   * but a mistake would show only as signatures that do not match.
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
   * @returns undefined if nothing is left of it (an empty key makes a MAC that anybody can make,
   * inngestgo issue 245) or if it holds anything but visible ASCII.
   */
  static parse(label: string, text: string): SigningKey | undefined {
    const trimmed = text.trim()
    const bare = trimmed.replace(PREFIX, '')
    if (!BARE_KEY.test(bare)) return undefined
    const withPrefix = bare === trimmed ? undefined : new SigningKey(label, trimmed)
    return new SigningKey(label, bare, withPrefix)
  }

  /** The key for `createHmac`. The only way to reach it. */
  get hmacKey(): KeyObject {
    return this.#keyObject
  }

  /** Makes the same signatures, wherever it is configured. */
  isSameKey(other: SigningKey): boolean {
    return this.#keyObject.equals(other.#keyObject)
  }

  /** The same reference to the same text. */
  equals(other: SigningKey): boolean {
    const isPrefixAlike =
      this.withPrefix === undefined
        ? other.withPrefix === undefined
        : other.withPrefix?.isSameKey(this.withPrefix) === true
    return this.label === other.label && this.isSameKey(other) && isPrefixAlike
  }
}
