/**
 * The examples at the end of each command's `--help` and in docs/reference/command-line.md. A test runs every
 * line.
 */
const examples: Readonly<Record<string, readonly string[]>> = {
  run: [
    'inngest-gateway run --config gateway.yaml',
    'inngest-gateway run --upstream http://127.0.0.1:3000 --verbose',
  ],
  validate: [
    'inngest-gateway validate --config gateway.yaml',
    'inngest-gateway validate --config gateway.yaml --json',
  ],
  'print-config': ['inngest-gateway print-config --config gateway.yaml'],
  ips: [
    'inngest-gateway ips --config gateway.yaml',
    'inngest-gateway ips --config gateway.yaml --check 203.0.113.7',
    'inngest-gateway ips --config gateway.yaml --format nftables',
    'inngest-gateway ips --drift --url http://127.0.0.1:9090',
  ],
  explain: [
    'tail -n 1 gateway.log | inngest-gateway explain --config gateway.yaml --log -',
    'inngest-gateway explain --config gateway.yaml --from 203.0.113.7 --body body.json \\',
    '  -H "X-Inngest-Signature: $(inngest-gateway sign --body body.json --header-only)"',
  ],
  sign: [
    'inngest-gateway sign --body body.json --url http://127.0.0.1:8080/api/inngest',
    'inngest-gateway sign --body body.json --header-only',
  ],
  verify: [
    'inngest-gateway verify --body body.json \\',
    '  --header "$(inngest-gateway sign --body body.json --header-only)"',
  ],
  conformance: [
    'inngest-gateway conformance --list',
    'inngest-gateway conformance --url https://gateway.example.com/api/inngest',
  ],
  'rollout-report': [
    'inngest-gateway rollout-report --min-requests 100 <gateway.log',
    'inngest-gateway rollout-report --url http://127.0.0.1:9090',
  ],
  'bypass-check': [
    'inngest-gateway bypass-check --gateway https://gateway.example.com/api/inngest \\',
    '  --app http://app.internal:3000/api/inngest',
  ],
  record: [
    'inngest-gateway record --requests 50 --output recording.jsonl',
    'inngest-gateway record --output recording.jsonl --force --url http://127.0.0.1:9090',
  ],
  healthcheck: ['inngest-gateway healthcheck --url http://127.0.0.1:9090/readyz'],
  completion: [
    'source <(inngest-gateway completion bash)',
    'inngest-gateway completion fish >~/.config/fish/completions/inngest-gateway.fish',
  ],
  version: ['inngest-gateway version'],
  help: ['inngest-gateway help run'],
}

/** @throws for a command without examples, such as a new one. */
export function examplesOf(command: string): readonly string[] {
  const lines = examples[command]
  if (lines === undefined) throw new Error(`no examples for ${command}: add them to examples.ts`)
  return lines
}

export function examplesText(command: string): string {
  return ['', 'Examples:', ...examplesOf(command).map((line) => `  ${line}`)].join('\n')
}
