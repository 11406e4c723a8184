/** The published schemas for files of GitHub and Renovate (SchemaStore's, as check-jsonschema packages them). */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { Ajv, type AnySchema } from 'ajv'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

const WHEEL = 'check-jsonschema==0.39.0'
const SHA256 = '14ce5c94871c551268ea948ffe21e9f1464dc48fb20bf9a4c13deeaaf756cf9b'
const PIP = 'pip3 download --quiet --disable-pip-version-check --no-deps --only-binary=:all:'
const FETCH = `echo '${WHEEL} --hash=sha256:${SHA256}' >wanted
${PIP} --require-hashes --requirement wanted
unzip -qq -j ./*.whl 'check_jsonschema/builtin_schemas/vendor/*.json'`

export interface Schemas {
  /** @returns the violations, one line for each. */
  problemsOf(schema: string, text: string): readonly string[]
}

export function fetchSchemas(): Schemas {
  const folder = mkdtempSync(path.join(tmpdir(), 'schemas-'))
  try {
    const args = ['-euo', 'pipefail', '-c', FETCH]
    const { status, stderr } = spawnSync('bash', args, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`the schemas could not be fetched: ${stderr}`)
    const read = (name: string) =>
      JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as AnySchema
    const names = ['github-workflows', 'github-issue-forms', 'github-issue-config', 'renovate']
    const schemas = new Map(names.map((name) => [name, compile(read(name))]))
    return {
      problemsOf: (name, text) => schemas.get(name)?.(text) ?? [`there is no schema ${name}`],
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function compile(schema: AnySchema): (text: string) => readonly string[] {
  // The schemas have keys of other tools.
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  const validate = ajv.compile(schema)
  return (text) => {
    // The result is a promise for other schemas.
    void validate(parse(text))
    return (validate.errors ?? []).map(
      ({ instancePath, message = 'does not fit', params }) =>
        `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    )
  }
}
