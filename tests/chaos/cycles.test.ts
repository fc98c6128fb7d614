// Starting and stopping again and again leaves nothing: no process, descriptor, socket, temporary file or lock more than after
// the first time. HOLDFAST_CYCLES says how often.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Holdfast, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

const cycles = Number(process.env['HOLDFAST_CYCLES'] ?? 60)

/** Every file below a folder but the exit records and logs, whose number is bounded on its own. */
function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .filter((name) => !name.includes('.exits/') && !name.includes('/logs/') && !name.startsWith('/project'))
    .map((name) => name.replace(/\.i\d+$/, '.i<epoch>'))
    .sort()
}

describe('K47', () => {
  it(`${cycles} starts, stops and kills leave no more than the first`, { timeout: 1_800_000 }, async () => {
    const holdfast = new Holdfast()
    await holdfast.up()
    await holdfast.run(['down', '--all'])
    const atRest = files(holdfast.home)
    for (let cycle = 0; cycle < cycles; cycle++) {
      const daemon = await holdfast.up()
      if (cycle % 3 === 2) signal(daemon, 'SIGKILL')
      else await holdfast.json(['down'])
      await until('it is gone', () => !isRunning(daemon))
    }
    await holdfast.up()
    await holdfast.run(['down', '--all'])
    await until('no process is left', () => holdfast.processes().length === 0)
    expect(files(holdfast.home)).toEqual(atRest)
    expect(readdirSync(holdfast.statePath('claim', 'daemon.exits')).length).toBeLessThanOrEqual(200)
  })

  it('a daemon that served two hundred commands holds no more descriptors than before', async () => {
    const holdfast = new Holdfast()
    const daemon = await holdfast.up()
    const descriptors = (): number => readdirSync(`/proc/${daemon}/fd`).length
    await holdfast.run(['ps'])
    const before = descriptors()
    for (let batch = 0; batch < 20; batch++) {
      await Promise.all(Array.from({ length: 10 }, () => holdfast.run(['status'])))
    }
    // The runtime opens a few of its own on the way; one for each command would be two hundred.
    await until('connections are closed', () => descriptors() <= before + 10)
    expect(isRunning(daemon)).toBe(true)
  })
})
