// Leaving is over when the work is: no timer of the daemon that serves nobody any more keeps the process, or `down`, waiting.
import { expect, it } from 'vitest'
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
