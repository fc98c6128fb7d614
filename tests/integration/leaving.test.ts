// Leaving is over when the work is: no timer of the daemon that serves nobody any more keeps the process, or `down`, waiting.
import { expect, it } from 'vitest'
import { counters } from '../rig/counters.ts'
import { Holdfast, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

it('K23 a daemon that adopted a running ask leaves at once, not by its watchdog', async () => {
  const holdfast = new Holdfast()
  const first = await holdfast.up()
  const waiting = holdfast.json(['ask', 'guide', 'take 2 seconds: repeat after me: a b'])
  await until('the agent has it', async () => {
    const { asks } = await holdfast.json<{ asks: { running: number } }>(['status'])
    return asks.running === 1
  })
  signal(first, 'SIGKILL')
  expect(await waiting).toMatchObject({ state: 'done', reply: 'a b' })
  const second = await holdfast.up()
  const down = await holdfast.run(['down', '--all'])
  expect(down.code).toBe(0)
  expect(isRunning(second)).toBe(false)
  // The drain has ten seconds; what is not over by then is ended by force.
  expect(down.ms).toBeLessThan(9_000)
})

it('K23 I11 a daemon with an MCP client leaves at once; the next one answers the call', async () => {
  const { holdfast, calls } = counters()
  await holdfast.up()
  const calling = holdfast.json(['mcp', 'call', 'counter.slow', 'key=once', 'ms:=3000'])
  await until('the server runs it', () => calls().length === 1)
  const restarted = await holdfast.run(['restart'])
  expect(restarted.code).toBe(0)
  expect(restarted.ms).toBeLessThan(9_000)
  expect(await calling).toMatchObject({ content: [{ text: expect.stringContaining('slow once') }] })
  expect(calls()).toEqual(['slow once'])
})
