/**
 * The number of runs and the seed of fuzzing. In CI it is short and always the same; `npm run fuzz` runs
 * longer.
 */
import fc from 'fast-check'

const SEED = 20_261_124

/** @param share of the runs for one case: 1 for a fast one. */
export function fuzz(share = 1): fc.Parameters<unknown> {
  const runs = Number(process.env['FUZZ_RUNS'] ?? 3000)
  const seed = Number(process.env['FUZZ_SEED'] ?? SEED)
  return { numRuns: Math.ceil(runs * share), seed }
}

/**
 * Valid texts with a few characters changed, removed, duplicated or inserted: almost valid texts find most
 * problems.
 */
export function mutated(valid: fc.Arbitrary<string>, inserted: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('drop', 'double', 'put', 'swap'),
    character: fc.oneof(
      fc.constantFrom(...Array.from(inserted)),
      fc.string({ minLength: 1, maxLength: 2 }),
    ),
  })
  return fc.tuple(valid, fc.array(edit, { maxLength: 4 })).map(([text, edits]) =>
    edits.reduce((current, { at, kind, character }) => {
      const i = current.length === 0 ? 0 : at % current.length
      const [before, here, after] = [
        current.slice(0, i),
        current.slice(i, i + 1),
        current.slice(i + 1),
      ]
      if (kind === 'drop') return before + after
      if (kind === 'double') return before + here + here + after
      return kind === 'put' ? before + character + here + after : before + character + after
    }, text),
  )
}
