import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** Layers: main, commands → workers → gateway → status → http, config, replay, ranges, observe, threads → admit, diagnosis → checks, inngest → verdict. */
const pureCore = {
  patterns: [
    {
      regex: '^node:(?!(?:buffer|crypto)$)',
      message: 'The core does no IO: take the value as an argument, or an effect (judging.ts).',
    },
    {
      regex:
        '/(?:http|config|replay|ranges|observe|status|threads|diagnosis|conformance|commands|workers|gateway|main)(?:/|\\.ts)',
      message: 'The core knows nothing of the layers around it.',
    },
    { regex: '^[^.n]', message: 'The core depends on nothing but node:buffer and node:crypto.' },
  ],
}

const noAmbient = ['Date', 'process', 'setTimeout', 'setInterval', 'console', 'fetch'].map(
  (name) => ({
    name,
    message: 'The core has no clock, process or logger: take the value as an argument.',
  }),
)

export default defineConfig(
  { ignores: ['node_modules', 'coverage'] },
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
    files: [
      'gateway/checks/**',
      'gateway/inngest/**',
      'gateway/diagnosis/**',
      'gateway/{admit,body,check-signed-use,claim-once,findings,judging,moderate,verdict,reasons,policy,redacted,signed-body}.ts',
    ],
    rules: {
      'no-restricted-imports': ['error', pureCore],
      'no-restricted-globals': ['error', ...noAmbient],
    },
  },
  {
    files: ['gateway/{http,config,replay,ranges,observe,status,threads,conformance}/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '/(?:commands|workers|gateway|main|live-ranges|readiness|reload|warnings)(?:/|\\.ts)',
              message: 'Dependencies point inwards.',
            },
          ],
        },
      ],
    },
  },
  { files: ['test/**'], rules: { 'max-lines-per-function': 'off' } },
)
