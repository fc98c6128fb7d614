// `holdfast doctor`: what Holdfast needs, each thing checked, each failure with its fix. Starts and changes nothing.
import { findUnsafeFolder, observe, placeOf, type Folders, type Observation } from '@holdfast/lifecycle'
import type { Context, Run } from '../command.ts'
import { foldersOf, greetingFrom } from '../daemon-link.ts'
import { problemOf } from '../errors.ts'

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly says: string
  readonly fix: string | null
}

const probeMs = 1000

export const run: Run = async (context) => {
  const { out } = context
  const checks = await checkAll(context)
  const isOk = checks.every(({ ok }) => ok)
  out.result({ ok: isOk, checks }, () =>
    checks
      .map(({ name, ok, says, fix }) => {
        const mark = ok ? out.paint('green', 'ok  ') : out.paint('red', 'FAIL')
        return `${mark} ${name.padEnd(9)} ${says}${fix === null ? '' : `\n               fix: ${fix}`}`
      })
      .join('\n'),
  )
  return isOk ? 0 : 1
}

async function checkAll({ scope, env, directory }: Context): Promise<Check[]> {
  const node: Check = { name: 'node', ok: true, says: `${process.version} (${process.execPath})`, fix: null }
  let folders: Folders
  try {
    folders = foldersOf(scope, env)
  } catch (error) {
    return [node, failed('folders', error)]
  }
  const unsafe = findUnsafeFolder(folders, process.getuid?.() ?? 0)
  const places: Check[] =
    unsafe === null
      ? [
          { name: 'folders', ok: true, says: `${folders.run}, ${folders.state}`, fix: null },
          {
            name: 'sockets',
            ok: true,
            says: `${folders.sockets} (${Buffer.byteLength(folders.sockets)} bytes)`,
            fix: null,
          },
        ]
      : [failed('folders', unsafe)]
  const observed = await observe(placeOf(folders, 'daemon'), greetingFrom(directory), { probeMs })
  return [node, ...places, daemonCheck(observed)]
}

function failed(name: string, error: unknown): Check {
  const { message, hint } = problemOf(error)
  return { name, ok: false, says: message, fix: hint ?? null }
}

function daemonCheck({ state, welcome, error, lastExit }: Observation): Check {
  if (error !== null) return failed('daemon', error)
  const ended = lastExit === null ? '' : `; the last one: ${lastExit.kind}, ${lastExit.reason}`
  if (state === 'absent') return { name: 'daemon', ok: true, says: `not running${ended}`, fix: null }
  if (welcome !== null && state === 'ready') {
    return { name: 'daemon', ok: true, says: `pid ${welcome.pid}, epoch ${welcome.epoch}${ended}`, fix: null }
  }
  if (state === 'quarantined') {
    const fix = 'mend what `holdfast logs daemon` shows, then `holdfast restart`'
    return { name: 'daemon', ok: false, says: `in quarantine, it crashed too often${ended}`, fix }
  }
  const fix =
    state === 'starting' || state === 'draining'
      ? 'wait a moment, then look again'
      : 'holdfast down --force; see `holdfast logs daemon`'
  return { name: 'daemon', ok: state === 'starting' || state === 'draining', says: `${state}${ended}`, fix }
}
