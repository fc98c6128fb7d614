// `holdfast ps`: every process held, with what it serves.
import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { daemonProcesses, Peer, type HeldProcess } from '@holdfast/protocol'
import type { Context, Run } from '../command.ts'
import { connectRunning, daemonPlace, foldersOf } from '../daemon-link.ts'
import { age } from '../duration.ts'
import { isName } from '../parse.ts'
import { bytes, table } from '../render/table.ts'

interface Row extends HeldProcess {
  readonly scope: string
}

export const run: Run = async (context) => {
  const { scope, out, options, link, signal } = context
  const rows: Row[] = []
  if (options.has('all-scopes')) rows.push(...(await ofAllScopes(context)))
  else {
    const { processes } = await (await link()).request(daemonProcesses, {}, { signal, isIdempotent: true })
    rows.push(...processes.map((each) => ({ ...each, scope })))
  }
  out.result({ processes: rows }, () => render(rows, options.has('all-scopes')))
}

/** Of every scope whose daemon runs; starts none. */
async function ofAllScopes({ scope, env, directory, signal }: Context): Promise<Row[]> {
  const root = dirname(foldersOf(scope, env).state)
  const names = await readdir(root).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  const found = await Promise.all(
    names.filter(isName).map(async (name) => {
      const connection = await connectRunning(daemonPlace(name, env), directory)
      if (connection === null) return []
      const peer = new Peer(connection.socket)
      const { processes } = await peer.request(daemonProcesses, {}, { signal, timeoutMs: 5000 })
      peer.close()
      return processes.map((each) => ({ ...each, scope: name }))
    }),
  )
  return found.flat()
}

function render(rows: readonly Row[], withScope: boolean): string {
  const now = Date.now()
  const heading = ['ID', 'KIND', 'NAME', 'PID', 'STATE', 'AGE', 'MEMORY', 'CPU', 'SERVES', 'PROJECT']
  return table(
    withScope ? ['SCOPE', ...heading] : heading,
    rows.map((each) => [
      ...(withScope ? [each.scope] : []),
      each.id,
      each.kind,
      each.name,
      each.pid === null ? '-' : String(each.pid),
      each.state,
      age(each.startedAt, now),
      bytes(each.rssBytes),
      each.cpuSeconds === null ? '-' : `${each.cpuSeconds.toFixed(1)}s`,
      each.serves,
      each.project ?? '-',
    ]),
  )
}
