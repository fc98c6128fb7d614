// A keeper that is stopped (SIGSTOP) for a while: everything answers in bounded time and says so, and nothing is lost when it goes on.
import { expect, it } from 'vitest'
import { counters } from '../rig/counters.ts'
import { signal } from '../rig/holdfast.ts'
import { isRunning, stateOf } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

/** Of commands that look; they ask the keeper for about a second. */
const boundMs = 10_000

interface Ask {
  readonly id: string
  readonly state: string
  readonly reply: string | null
}

it('I7 I9 I10 I11 a keeper that is stopped is said to be silent, and nothing is lost when it goes on', async () => {
  const { holdfast, prompts, calls } = counters({ takeMs: 1000 })
  const { id } = await holdfast.json<Ask>(['ask', 'counter', 'one two three four', '--no-wait'])
  const calling = holdfast.json(['mcp', 'call', 'counter.slow', 'key=once', 'ms:=1000'])
  await until('both are under way', () => prompts().length === 1 && calls().length === 1)
  const [keeper] = holdfast.keepers()
  if (keeper === undefined) throw new Error('no keeper')
  const children = holdfast.children().map(({ pid }) => pid)
  signal(keeper.pid, 'SIGSTOP')
  const queued = await holdfast.json<Ask>(['ask', 'counter', 'five six', '--no-wait'])

  const status = await holdfast.run(['status'])
  expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining('does not answer') })
  expect(status.ms).toBeLessThan(boundMs)
  const { processes } = await holdfast.json<{ processes: { kind: string; state: string }[] }>(['ps'])
  expect(processes).toContainEqual(expect.objectContaining({ kind: 'keeper', state: 'silent' }))
  const waited = await holdfast.run(['wait', id, '--timeout', '1s'])
  expect(waited).toMatchObject({ code: 7, stderr: expect.stringContaining('goes on') })
  expect(waited.ms).toBeLessThan(boundMs)
  expect(stateOf(keeper.pid)).toBe('T')

  signal(keeper.pid, 'SIGCONT')
  expect(await holdfast.json<Ask>(['wait', id])).toMatchObject({ state: 'done', reply: 'one two three four' })
  expect(await holdfast.json<Ask>(['wait', queued.id])).toMatchObject({ state: 'done', reply: 'five six' })
  expect(await calling).toMatchObject({ content: [{}] })
  expect(prompts()).toHaveLength(2)
  expect(calls()).toEqual(['slow once'])
  expect(holdfast.children().map(({ pid }) => pid)).toEqual(children)
  expect(isRunning(keeper.pid)).toBe(true)
  expect(await holdfast.json(['status'])).toMatchObject({ keeper: { children: 2 } })
})
