/* eslint-disable max-lines -- One flat list of commands and options, in which nothing branches. */
/**
 * The commands and their arguments. Each command is loaded only when it runs, so that none waits for the
 * modules of another.
 */
import { Argument, Command, Option } from 'commander'

import { endAtOnce } from './print.ts'
import type { Shell } from './completion.ts'
import type { BypassOptions } from './bypass-check.ts'
import type { conformance } from './conformance.ts'
import { examplesText } from './examples.ts'
import type { explain } from './explain.ts'
import type { RecordOptions } from './record.ts'
import type { RolloutOptions } from './rollout-report.ts'
import type { IpsOptions } from './ips.ts'
import { ipFormats } from './ip-format-names.ts'
import type { RunOptions } from './run.ts'
import type { SettingsOptions } from './settings.ts'
import type { sign } from './sign.ts'
import type { ValidateOptions } from './validate.ts'
import type { verify } from './verify.ts'
import { ignoreEnvironment } from './ignored-environment.ts'
import { redactSecrets } from '../redact/redact-secrets.ts'
import { version } from '../version.ts'

ignoreEnvironment(process.env)

// As process 1 of a container, Node has no default signal handlers, so a signal during the loading of `run`
// would be lost.
if (process.pid === 1) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, endAtOnce)
}

/** Exported for docs/reference/command-line.md, which is generated from it. */
export const program = new Command('inngest-gateway')
  .description('Verifies requests from Inngest and forwards only valid ones to the app.')
  .version(version)
  .exitOverride()
  // A message about an argument quotes it, so it is redacted. Commands that are added later inherit this.
  .configureOutput({ writeErr: (text) => process.stderr.write(redactSecrets(text)) })

const finish = (exitCode: number) => {
  process.exitCode = exitCode
}

const collect = (value: string, before: string[]) => [...before, value]

const OPS_URL = 'http://127.0.0.1:9090'
const STATUS_TOKEN = 'STATUS_PAGE_TOKEN'
const DRIFT_ALONE = ['check', 'format', 'config', 'upstream']

const tokenOption = [
  '--token-env <name>',
  'environment variable that holds the status token',
  STATUS_TOKEN,
] as const

/** A command that uses the settings of a gateway. */
const settingsCommand = (name: string) =>
  program
    .command(name)
    .option(
      '-c, --config <file>',
      'YAML configuration file (without it: --upstream and INNGEST_* variables)',
    )
    .option('-u, --upstream <url>', 'URL of the app, if there is no configuration file')
    .option(
      '-s, --set <key=value>',
      'set one value, such as limits.maxConnections=500 or routes.billing.path=/x; overrides the file (repeatable)',
      collect,
      [],
    )
    .allowExcessArguments()
    .hook('preAction', (command) => {
      const [stray] = command.args
      if (stray === undefined) return
      const hint = /\.ya?ml$/.test(stray) ? ` (did you mean --config ${stray}?)` : ''
      command.error(`error: too many arguments for '${name}'${hint}`)
    })

/** A command that opens or reports the traffic port. */
const portCommand = (name: string) =>
  settingsCommand(name).option(
    '-p, --port <port>',
    'traffic port (default: listen.port of the file, else PORT, else 8080)',
  )

portCommand('run')
  .description('start the gateway')
  .option(
    '-v, --verbose',
    'on a terminal, print all fields of each log line (JSON always has them)',
  )
  .action(async (options: RunOptions) => {
    const { run } = await import('./run.ts')
    // At once: an exporter that cannot reach its collector would continue to retry.
    process.exit(await run(options, process.env))
  })

portCommand('validate')
  .description('check the configuration as `run` does, without opening a port')
  .option('--json', 'print one JSON document with all problems and warnings')
  .action(async (options: ValidateOptions) => {
    const { validate } = await import('./validate.ts')
    finish(validate(options, process.env))
  })

portCommand('print-config')
  .description('print the active settings, each with its origin, without secrets')
  .action(async (options: SettingsOptions) => {
    const { printConfig } = await import('./print-config.ts')
    finish(printConfig(options, process.env))
  })

settingsCommand('ips')
  .description('list the allowed IP ranges with source and age, check one address, or list drift')
  .option('--check <address>', 'check only whether this address is in an allowed range')
  .addOption(
    new Option('--format <format>', 'print the ranges for a firewall or proxy')
      .choices(ipFormats)
      .conflicts('check'),
  )
  .addOption(
    new Option('--drift', 'list the unlisted ranges that a running gateway reports').conflicts(
      DRIFT_ALONE,
    ),
  )
  .option('--url <url>', 'with --drift: URL of its ops listener', OPS_URL)
  .option('--token-env <name>', 'with --drift: variable with its status token', STATUS_TOKEN)
  .action(async (options: IpsOptions) => {
    const { ips } = await import('./ips.ts')
    finish(await ips(options, process.env, Date.now()))
  })

settingsCommand('explain')
  .description('trace a request, or a log line, through every check')
  .option(
    '--log <file>',
    'file with one log line to trace instead of a request (- is standard input)',
  )
  .option('--from <address>', 'remote address of the connection')
  .option('--method <method>', 'method of the request', 'POST')
  .option('--route <name>', 'route that the request is for (default: the first Inngest route)')
  .option('--target <target>', 'path and query (default: the path of the route)')
  .option('-H, --header <field>', '"Name: value" of a request header (repeatable)', collect, [])
  .option('--body <file>', 'file with the request body (- is standard input; default: no body)')
  .option('--at <seconds>', 'time of the checks in Unix seconds (default: now)')
  .action(async (options: Parameters<typeof explain>[0]) => {
    const { explain } = await import('./explain.ts')
    finish(await explain(options, process.env, Date.now()))
  })

program
  .command('sign')
  .description('sign a body as Inngest does; print a curl command or only the header')
  .option(
    '--key-env <name>',
    'environment variable that holds the signing key',
    'INNGEST_SIGNING_KEY',
  )
  .option('--body <file>', 'file with the request body (- is standard input; default: no body)')
  .option('--url <url>', 'URL of the curl command', 'http://127.0.0.1:8080/api/inngest')
  .option('--method <method>', 'method of the curl command', 'POST')
  .option('--header-only', 'print only the value of X-Inngest-Signature')
  .action(async (options: Parameters<typeof sign>[0]) => {
    const { sign } = await import('./sign.ts')
    finish(sign(options, process.env, Date.now()))
  })

program
  .command('verify')
  .description('check a signature against a body and key; explain a mismatch')
  .requiredOption('--header <value>', 'value of X-Inngest-Signature')
  .option(
    '--key-env <name>',
    'environment variable that holds the signing key',
    'INNGEST_SIGNING_KEY',
  )
  .option('--body <file>', 'file with the request body (- is standard input; default: no body)')
  .option('--max-age <duration>', 'freshness.maxAge of the gateway (default: 5m)')
  .option('--clock-tolerance <duration>', 'freshness.clockTolerance of the gateway (default: 5m)')
  .action(async (options: Parameters<typeof verify>[0]) => {
    const { verify } = await import('./verify.ts')
    finish(verify(options, process.env, Date.now()))
  })

program
  .command('conformance')
  .description('test from outside what a deployed gateway must admit and must refuse')
  .option('--url <url>', 'URL that Inngest calls, with the path of the route')
  .option(
    '--key-env <name>',
    'environment variable that holds the signing key',
    'INNGEST_SIGNING_KEY',
  )
  .option(
    '--app-address <host:port>',
    "the app's own address, to test that no request bypasses the gateway (repeatable)",
    collect,
    [],
  )
  .option('--expect-outside', 'expect the allowlist to refuse this machine')
  .option(
    '--allowed-address <address>',
    "allowlisted address to spoof in the outside test (default: one of Inngest's)",
  )
  .option(
    '--restricted-path <path>',
    'path of a passthrough route with an allowlist: send GET requests for other spellings (repeatable)',
    collect,
    [],
  )
  .option(
    '--app <id>',
    'an id in apps of the route: call a function of this app, which it does not have',
  )
  .option(
    '--durable-url <url>',
    'URL of a durable endpoint of the same gateway: send re-entries that must be refused',
  )
  .option('--syncs', 'send signed syncs too: the SDK of the app knows in-band syncs')
  .option('--max-age <duration>', 'freshness.maxAge of the gateway', '5m')
  .option('--clock-tolerance <duration>', 'freshness.clockTolerance of the gateway', '5m')
  .option('--only <name>', 'run only this case or group (repeatable)', collect, [])
  .option('--list', 'list the cases without sending a request')
  .option('--json', 'print the results as one JSON document')
  .action(async (options: Parameters<typeof conformance>[0]) => {
    const { conformance } = await import('./conformance.ts')
    finish(await conformance(options, process.env))
  })

program
  .command('rollout-report')
  .description(
    'judge from a log on standard input, or a running gateway, which checks in report mode can be enforced',
  )
  .option('--url <url>', 'URL of the ops listener of a running gateway with a status page')
  .option(...tokenOption)
  .option('--since <time>', 'count only requests from this time on, such as 2026-11-29T08:00:00Z')
  .option('--min-requests <count>', 'requests that must have passed a check (default: 1000)')
  .option('--min-syncs <count>', 'syncs that must have passed a check of syncs (default: 1)')
  .option('--min-period <duration>', 'time from the first to the last request (default: 1d)')
  .option('--accept <reason>', 'reason whose refusals are intended (repeatable)', collect, [])
  .option('--json', 'print the report as one JSON document')
  .allowExcessArguments()
  .hook('preAction', (command) => {
    const [stray] = command.args
    if (stray === undefined) return
    command.error(`error: too many arguments for 'rollout-report' (did you mean < ${stray}?)`)
  })
  .action(async (options: RolloutOptions) => {
    const { rolloutReport } = await import('./rollout-report.ts')
    finish(await rolloutReport(options, process.env))
  })

program
  .command('bypass-check')
  .description('check whether an app can be reached around the gateway, from this machine')
  .requiredOption('--gateway <url>', 'URL that Inngest calls, with the path of the route')
  .requiredOption(
    '--app <url>',
    "the app's own URL, where only the gateway should get through (repeatable)",
    (value: string, before: string[] | undefined) => collect(value, before ?? []),
  )
  .option(
    '--key-env <name>',
    'environment variable that holds the signing key; if it is set, test that the app is up, too',
    'INNGEST_SIGNING_KEY',
  )
  .option('--json', 'print the result as one JSON document')
  .action(async (options: BypassOptions) => {
    const { bypassCheck } = await import('./bypass-check.ts')
    finish(await bypassCheck(options, process.env))
  })

program
  .command('record')
  .description('write redacted copies of the next verified requests of a running gateway to a file')
  .option('--requests <count>', 'how many requests, up to 500', '50')
  .requiredOption('--output <file>', 'file to create')
  .option('--force', 'replace the file if it exists')
  .option('--url <url>', 'URL of the ops listener, with a status page', OPS_URL)
  .option(...tokenOption)
  .option('--timeout <duration>', 'longest time to wait for the requests, up to 1h', '5m')
  .action(async (options: RecordOptions) => {
    const { record } = await import('./record.ts')
    finish(await record(options, process.env))
  })

program
  .command('healthcheck')
  .description('check the readiness of a running gateway (for containers without curl)')
  .option('--url <url>', 'readiness URL', 'http://127.0.0.1:9090/readyz')
  .action(async (options: { url: string }) => {
    const { healthcheck } = await import('./healthcheck.ts')
    finish(await healthcheck(options.url))
  })

program
  .command('completion')
  .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
  .description('print a completion script for bash, zsh or fish')
  .action(async (shell: Shell) => {
    const { completion } = await import('./completion.ts')
    completion(program, shell)
  })

program
  .command('version')
  .description('print the version')
  .action(() => {
    console.log(version)
  })

program
  .command('help')
  .argument('[command]')
  .description('list the commands, or show the options of one')
  .action((name?: string) => {
    const command =
      name === undefined ? program : program.commands.find((each) => each.name() === name)
    if (command === undefined) return program.error(`error: unknown command '${String(name)}'`)
    return command.help()
  })

for (const command of program.commands) {
  command.addHelpText('after', () => examplesText(command.name()))
}
