/** Reads PEM files, and checks the content of each, and that a certificate and its key match. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'

import { readPlainFile, whyUnreadable } from './read-file.ts'

type Path = readonly PropertyKey[]

/** Called for each file with wrong content. */
export type PemReport = (path: Path, expected: string, found: string) => void

interface Certificate {
  readonly text: string
  readonly certificate: X509Certificate
}

interface Key {
  readonly text: string
  readonly key: KeyObject
}

const CERTIFICATE = 'a certificate, PEM'
const KEY = 'a private key without a passphrase, PEM'

export class PemFiles {
  readonly #report: PemReport

  constructor(report: PemReport) {
    this.#report = report
  }

  /**
   * Both, or neither if neither is configured.
   * @param path of the mapping with `certFile` and `keyFile`.
   */
  pair(
    path: Path,
    { certFile, keyFile }: { certFile?: string | undefined; keyFile?: string | undefined },
  ): { readonly cert: string; readonly key: string } | undefined {
    if (certFile === undefined || keyFile === undefined) return undefined
    const own = this.#certificate([...path, 'certFile'], certFile)
    const its = this.#key([...path, 'keyFile'], keyFile)
    if (own === undefined || its === undefined) return undefined
    if (!own.certificate.checkPrivateKey(its.key)) {
      const found = `the key of another certificate in ${keyFile}`
      this.#report([...path, 'keyFile'], 'the private key of certFile', found)
      return undefined
    }
    return { cert: own.text, key: its.text }
  }

  /** With an empty file, OpenSSL would silently trust every well-known authority. */
  authorities(path: Path, file: string | undefined): string | undefined {
    return file === undefined ? undefined : this.#certificate(path, file)?.text
  }

  #certificate(path: Path, file: string): Certificate | undefined {
    const text = this.#text(path, CERTIFICATE, file)
    if (text === undefined) return undefined
    try {
      return { text, certificate: new X509Certificate(text) }
    } catch {
      this.#report(path, CERTIFICATE, `none in ${file}`)
      return undefined
    }
  }

  #key(path: Path, file: string): Key | undefined {
    const text = this.#text(path, KEY, file)
    if (text === undefined) return undefined
    try {
      return { text, key: createPrivateKey(text) }
    } catch {
      // Either of the two headers of an encrypted key (RFC 7468 section 11, RFC 1421 section 4.6.1.1).
      const found = /\bENCRYPTED\b/.test(text) ? 'one with a passphrase' : 'none'
      this.#report(path, KEY, `${found} in ${file}`)
      return undefined
    }
  }

  #text(path: Path, expected: string, file: string): string | undefined {
    if (file.includes('-----BEGIN')) {
      this.#report(path, 'the name of a file', 'what looks like its content')
      return undefined
    }
    try {
      return readPlainFile(file).toString('utf8')
    } catch (error) {
      this.#report(path, expected, `${whyUnreadable(error)} at ${file}`)
      return undefined
    }
  }
}
