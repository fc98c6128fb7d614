import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Identity } from '../identity.ts'
import { enterCgroup, removeCgroup } from './cgroup.ts'
import { processIdentity } from './identity.ts'
import { findTagged, processTable } from './table.ts'
import { descriptorMarks, terminateTree } from './terminate.ts'

const fixtures = join(import.meta.dirname, '../../../../tests/fixtures')
const started: Child[] = []
let tests = 0

interface Child {
  readonly process: ChildProcess
  readonly identity: Identity
  readonly group: number
  readonly tag: string
  readonly nap: string
  /** Its processes that run, by their command line: the ground truth. */
  left(): string[]
}

/** Starts a fixture in a group of its own and waits until everything that it starts is there. */
async function start(fixture: string): Promise<Child> {
  tests += 1
  // A length of sleep that no other process of this machine has.
  const nap = `${5000 + tests}.${process.pid}`
  const tag = `unit/${process.pid}-${tests}`
  const child = spawn('sh', [join(fixtures, fixture), nap], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], HOLDFAST_CHILD: tag },
  })
  const identity = processIdentity(child.pid ?? 0)
  if (identity === null || identity === 'unknown') throw new Error('the fixture did not start')
  await once(child.stdout, 'data')
  const left = (): string[] => {
    const running = processTable().filter((each) => each.isRunning && each.command.includes(nap))
    return running.map((each) => each.command)
  }
  const all = { process: child, identity, group: identity.pid, tag, nap, left }
  started.push(all)
  return all
}

afterEach(async () => {
  for (const child of started.splice(0)) {
    await terminateTree({ ...child, graceMs: 0 })
    child.process.stdout?.destroy()
  }
  const left = findTagged('unit').filter((each) => each.tag.startsWith(`unit/${process.pid}-`))
  if (left.length > 0) throw new Error(`left behind: ${left.map((each) => each.command).join(', ')}`)
})

test('K39 a child that listens is ended with TERM alone, long before the grace is over', async () => {
  const child = await start('ends-on-sigterm.sh')
  const begun = performance.now()
  const { ended, survivors } = await terminateTree({ ...child, graceMs: 60_000 })
  expect(performance.now() - begun).toBeLessThan(30_000)
  expect(survivors).toEqual([])
  expect(ended.length).toBeGreaterThanOrEqual(2)
  expect(child.left()).toEqual([])
})

test('K39 who ignores TERM is killed after the grace, within one second more', async () => {
  const child = await start('ignores-sigterm.sh')
  const begun = performance.now()
  const { survivors } = await terminateTree({ ...child, graceMs: 300 })
  const tookMs = performance.now() - begun
  expect(tookMs).toBeGreaterThanOrEqual(290)
  // 1300 ms on a machine with nothing else to do.
  expect(tookMs).toBeLessThan(15_000)
  expect(survivors).toEqual([])
  expect(child.left()).toEqual([])
})

for (const fixture of [
  'setsid-escapes.sh',
  'double-forks.sh',
  'cleans-environment.sh',
  'leader-dies.sh',
  'forks-on.sh',
]) {
  test(`K39 nothing is left of ${fixture}`, async () => {
    const child = await start(fixture)
    expect(child.left().length).toBeGreaterThan(0)
    const { survivors } = await terminateTree({ ...child, graceMs: 200 })
    expect(survivors).toEqual([])
    expect(child.left()).toEqual([])
  })
}

test('K39 escapees of a child that is long dead are found by its tag, and by the pipes that it was given', async () => {
  const child = await start('cleans-environment.sh')
  const marks = descriptorMarks(child.identity)
  expect(marks.length).toBeGreaterThan(0)
  const exited = once(child.process, 'exit')
  process.kill(child.identity.pid, 'SIGKILL')
  await exited
  expect(child.left().length).toBeGreaterThan(0)
  expect(await terminateTree({ ...child, graceMs: 0 })).toEqual({ ended: [], survivors: [] })
  expect(child.left().length).toBeGreaterThan(0)
  const { ended } = await terminateTree({ ...child, marks, graceMs: 0 })
  expect(ended.length).toBeGreaterThan(0)
  expect(child.left()).toEqual([])
})

test('K39 a stopped child is ended as well', async () => {
  const child = await start('ends-on-sigterm.sh')
  process.kill(-child.group, 'SIGSTOP')
  const { survivors } = await terminateTree({ ...child, graceMs: 200 })
  expect(survivors).toEqual([])
  expect(child.left()).toEqual([])
})

test('K40 another child, with the same parent and the same terminal, is not touched', async () => {
  const [child, other] = await Promise.all([start('setsid-escapes.sh'), start('setsid-escapes.sh')])
  // How many: `exec` may change what one of them is called.
  const before = other.left().length
  await terminateTree({ ...child, graceMs: 100 })
  expect(child.left()).toEqual([])
  expect(other.left()).toHaveLength(before)
  expect(other.process.exitCode).toBe(null)
  await terminateTree({ ...other, graceMs: 100 })
})

test('I6 an identity that is of another boot, start or user ends nobody', async () => {
  const child = await start('ends-on-sigterm.sh')
  const { identity, group } = child
  const wrong = [
    { ...identity, startTicks: identity.startTicks - 1 },
    { ...identity, bootId: 'another' },
    { ...identity, pidNamespace: 'another' },
  ]
  for (const each of wrong) {
    const { ended } = await terminateTree({ identity: each, group, graceMs: 0 })
    expect(ended).toEqual([])
  }
  expect(child.process.exitCode).toBe(null)
  expect(child.left().length).toBeGreaterThan(0)
})

test('K39 tagged processes are found by the whole tag and by its scope, never by a part of a name', async () => {
  const child = await start('setsid-escapes.sh')
  const pids = (prefix: string): number[] => findTagged(prefix).map((each) => each.pid)
  expect(pids(child.tag)).toContain(child.identity.pid)
  expect(pids(child.tag).length).toBeGreaterThan(1)
  expect(pids('unit')).toEqual(expect.arrayContaining(pids(child.tag)))
  expect(pids(child.tag.slice(0, -1))).not.toContain(child.identity.pid)
})

test('K39 a control group, where the kernel lets us have one, also ends who shed everything else', async () => {
  const child = await start('cleans-environment.sh')
  const cgroup = enterCgroup(`hf-test-${process.pid}`, child.identity.pid)
  // Whoever cannot have one is told so and still has the other ways.
  const { survivors } = await terminateTree({ ...child, cgroup, graceMs: 0 })
  expect(survivors).toEqual([])
  expect(child.left()).toEqual([])
  expect(cgroup === null || removeCgroup(cgroup)).toBe(true)
})
