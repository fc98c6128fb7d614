// One command, from its words to its exit code. Knows nothing of the process around it: that is main.ts.
import { resolve } from 'node:path'
import { globalFlags } from './command-flags.ts'
import { commands } from './command-table.ts'
import type { Context, Globals } from './command.ts'
import type { CliEnvironment } from './config/env.ts'
import { openLink, type DaemonLink, type LinkOptions } from './daemon-link.ts'
import { Interrupted, problemOf } from './errors.ts'
import { Output, type Sink } from './output.ts'
import { checkName, parse, wantsJson, type Parsed } from './parse.ts'
import { withinLimit } from './time-limit.ts'
import { version } from './version.ts'

export interface Surroundings {
  readonly argv: readonly string[]
  readonly env: CliEnvironment
  readonly directory: string
  readonly stdin: () => NodeJS.ReadStream
  readonly out: Sink
  readonly err: Sink
  readonly isTerminal: boolean
  readonly signal: AbortSignal
  /** Nobody reads the results any more. */
  readonly interrupt: () => void
}

/** Runs a command, prints what it has to say, and gives the exit code. */
export async function runCommand(around: Surroundings): Promise<number> {
  const table = { commands, globals: globalFlags }
  let out = outputFor(around, { json: wantsJson(around.argv), quiet: false, color: false })
  try {
    const parsed = parse(around.argv, table)
    const { options } = parsed
    const color = around.isTerminal && !around.env.noColor && !options.has('no-color')
    out = outputFor(around, { json: options.has('json'), quiet: options.has('quiet'), color })
    const code = await carryOut(parsed, around, out)
    await out.flushed()
    return out.isClosed ? 0 : code
  } catch (error) {
    if (out.isClosed) return 0
    const problem = problemOf(around.signal.aborted ? new Interrupted('interrupted', { cause: error }) : error)
    out.problem(problem)
    await out.flushed()
    return problem.exitCode
  }
}

function outputFor(around: Surroundings, options: { json: boolean; quiet: boolean; color: boolean }): Output {
  return new Output(options, around.out, around.err)
}

async function carryOut(parsed: Parsed, around: Surroundings, out: Output): Promise<number> {
  out.onClosed(around.interrupt)
  if (parsed.kind === 'version') {
    out.result({ version, node: process.versions.node }, () => version)
    return 0
  }
  if (parsed.kind === 'help') {
    const words = parsed.command?.words ?? (parsed.group === null ? [] : [parsed.group])
    const { run } = await import('./commands/help.ts')
    await run(contextOf({ ...parsed, words, signal: around.signal }, around, out).context)
    return 0
  }
  const limit = {
    limitMs: parsed.options.number('timeout'),
    name: parsed.command.words.join(' '),
    interrupted: around.signal,
  }
  return withinLimit(limit, async (signal) => {
    const { context, close } = contextOf({ ...parsed, signal }, around, out)
    try {
      const { run } = await parsed.command.load()
      return (await run(context)) ?? 0
    } finally {
      close()
    }
  })
}

function contextOf(
  { words, options, signal }: Pick<Context, 'words' | 'options' | 'signal'>,
  around: Surroundings,
  out: Output,
): { context: Context; close: () => void } {
  const { env, stdin, directory } = around
  const globals: Globals = {
    scope: checkName('scope', options.text('scope') ?? env.scope ?? 'default'),
    directory: resolve(directory, options.text('project') ?? '.'),
    timeoutMs: options.number('timeout'),
  }
  let opened: DaemonLink | null = null
  const link = async (more: LinkOptions = {}): Promise<DaemonLink> => {
    opened ??= await openLink({ ...globals, env, notice: (text) => out.notice(text) }, more)
    return opened
  }
  const context = { ...globals, words, options, commands, out, env, stdin, signal, link }
  return { context, close: () => opened?.close() }
}
