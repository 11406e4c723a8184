/** Writes the files of generated-files.ts from the code; `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

import { generatedFiles, styled } from './generated-files.ts'

const isCheck = process.argv.includes('--check')
for (const [file, make] of Object.entries(generatedFiles)) {
  const before = readFileSync(file, 'utf8')
  const after = await styled(file, make(before))
  if (before === after) continue
  if (isCheck) process.exitCode = 1
  else writeFileSync(file, after)
  console.log(`${file}: ${isCheck ? 'differs; run npm run generate' : 'written'}`)
}
