// What a killed keeper and daemon leave is found by `sweep`, and ended only when it is asked to; nobody else is ever touched.
import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Holdfast, root, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

interface Found {
  readonly kind: string
  readonly verdict: string
  readonly pid: number | null
  readonly ageMs?: number
  readonly rssBytes?: number
  readonly project?: string
}

interface Swept {
  readonly found: readonly Found[]
  readonly ended: readonly number[]
  readonly survivors: readonly unknown[]
}

const agents = {
  stays: { driver: 'acp', command: process.execPath, args: [join(root, 'tests/fixtures/acp-outlives-its-input.ts')] },
}

/** A process of somebody else that looks like a child. */
function bystander(variables: Record<string, string>): number {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    env: { PATH: process.env['PATH'], ...variables },
    stdio: 'ignore',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child.pid ?? 0
}

const processIn = (swept: Swept, pid: number): Found | undefined =>
  swept.found.find((each) => each.kind === 'process' && each.pid === pid)

it('I8 I6 orphans are listed with pid, age, memory and project, and ended by --yes alone; nobody else is touched', async () => {
  const holdfast = new Holdfast()
  holdfast.writeConfig({ agents })
  await holdfast.run(['ask', 'stays', 'hello'])
  const [orphan] = holdfast.children()
  expect(orphan).toBeDefined()
  const pid = orphan?.pid ?? 0
  for (const { pid: killed } of [...holdfast.keepers(), ...holdfast.daemons()]) signal(killed, 'SIGKILL')
  await until('both are gone', () => holdfast.keepers().length + holdfast.daemons().length === 0)
  expect(isRunning(pid)).toBe(true)

  const other = { HOLDFAST_SCOPE: 'other' }
  await holdfast.run(['ask', 'stays', 'hello'], { env: other })
  const live = holdfast.children().find((each) => each.pid !== pid)?.pid ?? 0
  const tag = orphan?.environment.get('HOLDFAST_CHILD') ?? ''
  const foreign = bystander({ HOLDFAST_CHILD: tag, HOLDFAST_STATE: '/somewhere/else/state/default' })
  const unsaid = bystander({ HOLDFAST_CHILD: tag })

  for (const flags of [[], ['--dry-run']]) {
    const listed = await holdfast.json<Swept>(['sweep', ...flags])
    expect(processIn(listed, pid)).toMatchObject({
      verdict: 'orphan',
      ageMs: expect.any(Number),
      project: realpathSync(holdfast.project),
    })
    expect(processIn(listed, pid)?.rssBytes).toBeGreaterThan(1e6)
    expect(processIn(listed, pid)?.ageMs).toBeLessThan(600_000)
    expect(listed).toMatchObject({ ended: [], survivors: [] })
    expect(processIn(listed, live)).toMatchObject({ verdict: 'live' })
    expect(processIn(listed, foreign)).toMatchObject({ verdict: 'foreign' })
    expect(processIn(listed, unsaid)).toMatchObject({ verdict: 'unknown' })
  }
  const shown = await holdfast.run(['sweep'])
  expect(shown.stdout).toMatch(new RegExp(`^orphan .* ${pid} `, 'm'))
  expect(shown.stderr).toContain('1 to end: holdfast sweep --yes')
  expect(isRunning(pid)).toBe(true)

  expect(await holdfast.json<Swept>(['sweep', '--yes'])).toMatchObject({ ended: [pid], survivors: [] })
  expect(isRunning(pid)).toBe(false)
  for (const spared of [live, foreign, unsaid]) expect(isRunning(spared)).toBe(true)
  expect(processIn(await holdfast.json<Swept>(['sweep']), pid)).toBeUndefined()
  await holdfast.run(['down', '--all'], { env: other })
})

it('I8 the next daemon ends orphans by itself', async () => {
  const holdfast = new Holdfast()
  holdfast.writeConfig({ agents })
  await holdfast.run(['ask', 'stays', 'hello'])
  const pids = holdfast.children().map(({ pid }) => pid)
  for (const { pid } of [...holdfast.keepers(), ...holdfast.daemons()]) signal(pid, 'SIGKILL')
  await holdfast.up()
  expect(pids.filter(isRunning)).toEqual([])
})

it('lists daemons and keepers with whether they hold their claim, and ends none', async () => {
  const holdfast = new Holdfast()
  await holdfast.run(['ask', 'guide', 'repeat after me: x'])
  const [daemon] = holdfast.daemons()
  const [keeper] = holdfast.keepers()
  const stray = spawn(process.execPath, [join(root, 'packages/cli/dist/daemon.js')], {
    env: holdfast.environment({ HOLDFAST_INSTANCE: 'stray', HOLDFAST_FAILPOINTS: 'claim.prepared=stop' }),
    stdio: 'ignore',
  })
  onTestFinished(() => void stray.kill('SIGKILL'))
  const programs = await until('the stray one is seen', async () => {
    const { found } = await holdfast.json<Swept>(['sweep', '--yes'])
    const those = found.filter(({ kind }) => kind === 'program')
    return those.some(({ pid }) => pid === stray.pid) ? those : null
  })
  const verdicts = new Map(programs.map(({ pid, verdict }) => [pid, verdict]))
  expect(verdicts).toEqual(
    new Map([
      [daemon?.pid, 'live'],
      [keeper?.pid, 'live'],
      [stray.pid, 'stray'],
    ]),
  )
  expect(isRunning(stray.pid ?? 0)).toBe(true)
  stray.kill('SIGKILL')
})
