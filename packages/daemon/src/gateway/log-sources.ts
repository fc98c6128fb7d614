// Where logs lie: those of the daemon and the keeper, and one for each child. Old ones of children that are no more are removed.
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '@holdfast/lifecycle'

export interface LogSource {
  readonly path: string
  readonly name: string
}

const fixed = ['daemon', 'keeper'] as const
/** How many logs of children are kept beside those of children that are held. */
const keptLogs = 200

export function childLogFile(logsFolder: string, child: string): string {
  return join(logsFolder, `${child}.log`)
}

/** Every log that is there; with `name`, that of `daemon`, `keeper`, a child's id, or what a child is called. */
export async function logSourcesIn(
  logsFolder: string,
  name: string | undefined,
  called: ReadonlyMap<string, string>,
): Promise<LogSource[]> {
  const names = (await logNames(logsFolder)).toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b))
  const sources = names.map((each) => ({ path: join(logsFolder, `${each}.log`), name: each }))
  if (name === undefined) return sources
  return sources.filter((source) => source.name === name || called.get(source.name) === name)
}

/** Removes the oldest logs of children that nobody holds. */
export async function pruneLogs(logsFolder: string, held: ReadonlySet<string>): Promise<void> {
  const names = (await logNames(logsFolder)).filter((name) => rank(name) === fixed.length && !held.has(name))
  if (names.length <= keptLogs) return
  const aged = await Promise.all(
    names.map(async (name) => ({ name, mtimeMs: (await stat(join(logsFolder, `${name}.log`))).mtimeMs })),
  )
  for (const { name } of aged.toSorted((a, b) => a.mtimeMs - b.mtimeMs).slice(0, names.length - keptLogs)) {
    for (const suffix of ['', '.1', '.2', '.3']) await rm(join(logsFolder, `${name}.log${suffix}`), { force: true })
  }
}

async function logNames(logsFolder: string): Promise<string[]> {
  try {
    const files = await readdir(logsFolder)
    return files.filter((file) => file.endsWith('.log')).map((file) => file.slice(0, -'.log'.length))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

function rank(name: string): number {
  const index = fixed.findIndex((each) => each === name)
  return index === -1 ? fixed.length : index
}
