import { defineConfig } from 'eslint/config'
import { importX } from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'

import { pureRooms, rooms } from './rooms.js'

const pureCore = {
  patterns: [
    {
      regex: '^node:(?!(?:buffer|crypto)$)',
      message: 'Pure code does no IO: take the value as an argument, or an effect (context.ts).',
    },
    { regex: '^[^.n]', message: 'Pure code depends on nothing but node:buffer and node:crypto.' },
  ],
}

const noAmbient = ['Date', 'process', 'setTimeout', 'setInterval', 'console', 'fetch'].map(
  (name) => ({
    name,
    message: 'Pure code has no clock, process or logger: take the value as an argument.',
  }),
)

/** Where the files of a room are: some are a single file. */
function placeOf(room) {
  if (room === 'conformance') return 'conformance'
  if (['main', 'gateway', 'deps', 'version'].includes(room)) return `gateway/${room}.ts`
  return `gateway/${room}`
}

/** What a room may not import: all of the source but itself and its imports (rooms.js). */
const zones = Object.entries(rooms).map(([room, { imports }]) => {
  const inner = room === 'admit' ? ['admit/checks'] : []
  const allowed = new Set([room, ...imports])
  const forbidden = Object.keys(rooms).filter(
    (other) => !allowed.has(other) && !inner.includes(other),
  )
  return {
    target: placeOf(room),
    from: forbidden.map((other) => `./${placeOf(other)}`),
    message: `rooms.js does not let ${room} import this.`,
  }
})

export default defineConfig(
  {
    ignores: [
      '**/node_modules',
      '**/.next',
      'test/sdks/.installed',
      'coverage',
      'bench/.before-wire',
      'docs/site/dist',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Taking a member out of an object by naming it is what rest siblings are for.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      complexity: ['error', 12],
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', 60],
    },
  },
  {
    files: ['gateway/**/*.ts', 'conformance/**/*.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/extensions': ['.ts', '.js'],
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
    },
  },
  {
    files: pureRooms.map((room) => `gateway/${room}/**`),
    rules: {
      'no-restricted-imports': ['error', pureCore],
      'no-restricted-globals': ['error', ...noAmbient],
    },
  },
  { files: ['test/**'], rules: { 'max-lines-per-function': 'off' } },
)
