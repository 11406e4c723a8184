#!/usr/bin/env node
/**
 * The process: arguments in, exit code out. 0 fine, 1 failed while running, 2 wrongly used. A command
 * is loaded when it is asked for, so that none waits for what only another needs.
 */
import { inspect } from 'node:util'

import { Argument, Command, CommanderError } from 'commander'

import { endAtOnce } from './cli/print.ts'
import type { Shell } from './cli/completion.ts'
import type { conformance } from './cli/conformance.ts'
import type { explain } from './cli/explain.ts'
import type { ips } from './cli/ips.ts'
import type { RunOptions } from './cli/run.ts'
import type { SettingsOptions } from './cli/settings.ts'
import type { sign } from './cli/sign.ts'
import type { ValidateOptions } from './cli/validate.ts'
import type { verify } from './cli/verify.ts'
import { ignoreEnvironment } from './cli/ignored-environment.ts'
import { redactSecrets } from './redact/redact-secrets.ts'
import { version } from './version.ts'

ignoreEnvironment(process.env)

// Node as process 1 of a container has no default handlers: what comes while `run` is being loaded
// would be lost.
if (process.pid === 1) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, endAtOnce)
}

const program = new Command('inngest-gateway')
  .description('Lets only verified Inngest requests through to an app.')
  .version(version)
  .exitOverride()
  // A message about an argument quotes it. Commands that are added later inherit this.
  .configureOutput({ writeErr: (text) => process.stderr.write(redactSecrets(text)) })

const finish = (exitCode: number) => {
  process.exitCode = exitCode
}

const collect = (value: string, before: string[]) => [...before, value]

/** A command that works on the settings of a gateway. */
const settingsCommand = (name: string) =>
  program
    .command(name)
    .option('-c, --config <file>', 'YAML file; without it, --upstream and INNGEST_* variables')
    .option('-u, --upstream <url>', 'where the app is, if there is no file')
    .option(
      '-s, --set <key=value>',
      'set one value, such as limits.maxConnections=500 or routes.billing.path=/x; comes before the file, repeatable',
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

/** One that opens the traffic port, or says which it would be. */
const portCommand = (name: string) =>
  settingsCommand(name).option(
    '-p, --port <port>',
    'traffic port; default: listen.port of the file, then PORT, then 8080',
  )

portCommand('run')
  .description('start the gateway')
  .option('-v, --verbose', 'on a terminal, all fields of each log line (JSON always has them)')
  .action(async (options: RunOptions) => {
    const { run } = await import('./cli/run.ts')
    // At once: an exporter that cannot reach its collector would go on trying.
    process.exit(await run(options, process.env))
  })

portCommand('validate')
  .description('check the configuration as `run` does, without opening a port')
  .option('--json', 'print one JSON document with all problems and warnings')
  .action(async (options: ValidateOptions) => {
    const { validate } = await import('./cli/validate.ts')
    finish(validate(options, process.env))
  })

portCommand('print-config')
  .description('print the settings in force, each with where it comes from')
  .action(async (options: SettingsOptions) => {
    const { printConfig } = await import('./cli/print-config.ts')
    finish(printConfig(options, process.env))
  })

settingsCommand('ips')
  .description(
    'print the ranges that are let in, with source and age, or say whether an address is',
  )
  .option('--check <address>', 'only say whether this address is in one of them')
  .action(async (options: Parameters<typeof ips>[0]) => {
    const { ips } = await import('./cli/ips.ts')
    finish(await ips(options, process.env, Date.now()))
  })

settingsCommand('explain')
  .description('say how a request, or a line of the log, goes through the checks and why')
  .option('--log <file>', 'a line of the log instead of a request; - is standard input')
  .option('--from <address>', 'peer of the connection')
  .option('--method <method>', 'method of the request', 'POST')
  .option(
    '--route <name>',
    'route whose path and host are used; by default the first Inngest route',
  )
  .option('--target <target>', 'path and query; by default the path of the route')
  .option('-H, --header <field>', '"Name: value", as often as needed', collect, [])
  .option('--body <file>', 'file with the body; - is standard input; none is an empty body')
  .option('--at <seconds>', 'what the clock says, Unix seconds; now by default')
  .action(async (options: Parameters<typeof explain>[0]) => {
    const { explain } = await import('./cli/explain.ts')
    finish(await explain(options, process.env, Date.now()))
  })

program
  .command('sign')
  .description('print a ready curl line, or only the header, for a body')
  .option('--key-env <name>', 'variable that holds the signing key', 'INNGEST_SIGNING_KEY')
  .option('--body <file>', 'file with the body; - is standard input; none is an empty body')
  .option('--url <url>', 'where the curl line goes', 'http://127.0.0.1:8080/api/inngest')
  .option('--method <method>', 'method of the curl line', 'POST')
  .option('--header-only', 'print the value of X-Inngest-Signature only')
  .action(async (options: Parameters<typeof sign>[0]) => {
    const { sign } = await import('./cli/sign.ts')
    finish(sign(options, process.env, Date.now()))
  })

program
  .command('verify')
  .description('say whether a body, header and key match and, if not, why')
  .requiredOption('--header <value>', 'value of X-Inngest-Signature')
  .option('--key-env <name>', 'variable that holds the signing key', 'INNGEST_SIGNING_KEY')
  .option('--body <file>', 'file with the body; - is standard input; none is an empty body')
  .option('--max-age <duration>', 'freshness.maxAge of the gateway; 5m by default')
  .option('--clock-tolerance <duration>', 'freshness.clockTolerance of the gateway; 5m by default')
  .action(async (options: Parameters<typeof verify>[0]) => {
    const { verify } = await import('./cli/verify.ts')
    finish(verify(options, process.env, Date.now()))
  })

program
  .command('conformance')
  .description('test a deployed gateway from outside: what it has to let through and to refuse')
  .option('--url <url>', 'what Inngest calls, with the path of the route')
  .option('--key-env <name>', 'variable that holds the signing key', 'INNGEST_SIGNING_KEY')
  .option('--app-address <host:port>', 'where the app listens itself, repeatable', collect, [])
  .option('--expect-outside', 'this machine is one that the allowlist has to keep out')
  .option('--allowed-address <address>', "one to pass as from outside; by default one of Inngest's")
  .option(
    '--restricted-path <path>',
    'path of a passthrough route with an allowlist, repeatable: send GET requests for other spellings',
    collect,
    [],
  )
  .option('--syncs', 'the SDK of the app knows in-band syncs: send signed syncs too')
  .option('--max-age <duration>', 'freshness.maxAge of the gateway', '5m')
  .option('--clock-tolerance <duration>', 'freshness.clockTolerance of the gateway', '5m')
  .option('--only <name>', 'only this case or group, repeatable', collect, [])
  .option('--list', 'print the cases and send nothing')
  .option('--json', 'print the results as JSON')
  .action(async (options: Parameters<typeof conformance>[0]) => {
    const { conformance } = await import('./cli/conformance.ts')
    finish(await conformance(options, process.env))
  })

program
  .command('healthcheck')
  .description('ask a running gateway whether it is ready; for containers without curl')
  .option('--url <url>', 'readiness address', 'http://127.0.0.1:9090/readyz')
  .action(async (options: { url: string }) => {
    const { healthcheck } = await import('./cli/healthcheck.ts')
    finish(await healthcheck(options.url))
  })

program
  .command('completion')
  .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
  .description('print a completion script for bash, zsh or fish')
  .action(async (shell: Shell) => {
    const { completion } = await import('./cli/completion.ts')
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
  .description('print what there is, or the options of a command')
  .action((name?: string) => {
    const command =
      name === undefined ? program : program.commands.find((each) => each.name() === name)
    if (command === undefined) return program.error(`error: unknown command '${String(name)}'`)
    return command.help()
  })

try {
  await program.parseAsync()
} catch (error) {
  const isUsage = error instanceof CommanderError
  // As Node would print it, but without secrets: what was thrown may quote its input.
  if (!isUsage) console.error(redactSecrets(inspect(error)))
  finish(!isUsage ? 1 : error.exitCode === 0 ? 0 : 2)
}
