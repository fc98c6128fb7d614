// `holdfast sweep`: what is left of earlier runs. --yes ends orphans, and only those whose identity is proved at that moment;
// files are never removed: whoever holds the claim next replaces them.
import { processIdentity, terminateTree } from '@holdfast/lifecycle'
import type { Context, Run } from '../command.ts'
import { CliError } from '../errors.ts'
import { formatDuration } from '../duration.ts'
import { bytes, cut, table } from '../render/table.ts'
import { survey, type Found, type FoundProcess } from '../sweep/survey.ts'

const graceMs = 3000

export const run: Run = async (context) => {
  const { scope, env, out, options } = context
  if (options.has('yes') && options.has('dry-run')) {
    throw new CliError('bad-value', '--yes and --dry-run exclude each other', 'give one of them')
  }
  const found = await survey(scope, env)
  const orphans = found.filter((each) => each.kind === 'process').filter(({ verdict }) => verdict === 'orphan')
  const ended: number[] = []
  const survivors: { pid: number; command: string }[] = []
  if (options.has('yes')) {
    await Promise.all(
      orphans.map(async (orphan) => {
        const left = await end(orphan)
        if (left.length === 0) ended.push(orphan.pid)
        survivors.push(...left)
      }),
    )
  }
  out.result({ found, ended, survivors }, () => render(found, ended))
  remark(context, orphans.length, survivors)
  return survivors.length === 0 ? 0 : 1
}

/** Ends one process, if the pid still names the one that was found. */
async function end({ pid, startTicks, command }: FoundProcess): Promise<readonly { pid: number; command: string }[]> {
  const identity = processIdentity(pid)
  if (identity === null) return []
  if (identity === 'unknown') return [{ pid, command }]
  if (identity.startTicks !== startTicks) return []
  const { survivors } = await terminateTree({ identity, group: 0, graceMs })
  return survivors.map((each) => ({ pid: each.pid, command: each.command }))
}

function remark(
  { out, options }: Context,
  orphans: number,
  survivors: readonly { pid: number; command: string }[],
): void {
  for (const { pid, command } of survivors) out.warn(`could not be ended: ${pid} ${command}`)
  if (orphans > 0 && !options.has('yes')) out.notice(`${orphans} to end: holdfast sweep --yes`)
}

function render(found: readonly Found[], ended: readonly number[]): string {
  if (found.length === 0) return 'nothing of ours was found'
  return table(
    ['VERDICT', 'KIND', 'PID', 'AGE', 'MEMORY', 'PROJECT', 'WHAT', 'WHY'],
    found.map((each) => [
      each.kind === 'process' && ended.includes(each.pid) ? 'ended' : each.verdict,
      each.kind,
      each.pid === null ? '-' : String(each.pid),
      'ageMs' in each ? formatDuration(each.ageMs) : '-',
      'ageMs' in each ? bytes(each.rssBytes) : '-',
      each.kind === 'process' ? (each.project ?? '-') : '-',
      cut(nameOf(each), 60),
      each.why,
    ]),
  )
}

function nameOf(found: Found): string {
  if (found.kind === 'process') return `${found.tag}: ${found.command}`
  return found.kind === 'program' ? found.command : found.path
}
