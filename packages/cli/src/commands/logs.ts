// `holdfast logs`: the files themselves are read, so that a daemon that is down or hangs can still be looked into.
import { join } from 'node:path'
import { daemonProcesses, logSources } from '@holdfast/protocol'
import type { Context, Run } from '../command.ts'
import { foldersOf } from '../daemon-link.ts'
import { CliError } from '../errors.ts'
import { addedLines, lastLines } from '../read-tail.ts'
import { timedOut } from '../time-limit.ts'

const defaultLines = 50
const answerMs = 3000

export const run: Run = async (context) => {
  const { words, options, out, signal } = context
  const name = words[0] ?? 'daemon'
  const path = await pathOf(name, context)
  const tail = await lastLines(path, options.number('lines') ?? defaultLines)
  const isFollowing = options.has('follow')
  if (tail === null && !isFollowing) {
    throw new CliError('file-missing', `"${name}" has no log yet (${path})`, '`holdfast up` starts the daemon')
  }
  for (const line of tail?.lines ?? []) await out.line({ name, line }, () => line)
  if (!isFollowing) return
  for await (const line of addedLines(path, tail?.offset ?? 0, signal)) await out.line({ name, line }, () => line)
  const late = timedOut(signal)
  if (late !== null) throw late
}

async function pathOf(name: string, context: Context): Promise<string> {
  const { scope, env, link, signal } = context
  const own = ['daemon', 'keeper'].includes(name) ? join(foldersOf(scope, env).logs, `${name}.log`) : null
  if (own !== null) return own
  const daemon = await link()
  const { sources } = await daemon.request(logSources, { name }, { signal, timeoutMs: answerMs, isIdempotent: true })
  const [first] = sources
  if (first !== undefined) return first.path
  const { processes } = await daemon.request(daemonProcesses, {}, { signal, timeoutMs: answerMs, isIdempotent: true })
  const found = processes.find((each) => each.id === name || each.name === name)
  if (found !== undefined) {
    throw new CliError(
      'file-missing',
      `"${name}" (pid ${found.pid}) has written nothing to standard error`,
      'a log has what a child writes there; its answers are not logged',
    )
  }
  throw new CliError(
    'file-missing',
    `there is no log of "${name}"`,
    '`holdfast ps` lists what runs, by id and name; what has ended is found by its id',
  )
}
