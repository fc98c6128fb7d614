import { expect, test } from 'vitest'
import { look, type Patience } from './watchdog-thread.ts'

const stepMs = 1000
const start: Patience = { beat: 0, silentMs: 0, drainLeftMs: null }

test('K16 silence adds up while the thread itself runs, and a beat ends it', () => {
  let patience = start
  for (let index = 0; index < 10; index += 1)
    patience = look(patience, { beat: 0, drainMs: 0, elapsedMs: 1000, stepMs })
  expect(patience.silentMs).toBe(10_000)
  expect(look(patience, { beat: 1, drainMs: 0, elapsedMs: 1000, stepMs }).silentMs).toBe(0)
})

test('K14 a pause of the whole process (SIGSTOP, suspend) counts as one step at most', () => {
  const after = look(start, { beat: 0, drainMs: 0, elapsedMs: 3_600_000, stepMs })
  expect(after.silentMs).toBe(stepMs)
})

test('K23 the deadline of a drain begins when it is seen, and runs out', () => {
  let patience = look(start, { beat: 0, drainMs: 2500, elapsedMs: 700, stepMs })
  expect(patience.drainLeftMs).toBe(2500)
  for (const left of [1500, 500]) {
    patience = look(patience, { beat: 0, drainMs: 2500, elapsedMs: 1000, stepMs })
    expect(patience.drainLeftMs).toBe(left)
  }
  patience = look(patience, { beat: 0, drainMs: 2500, elapsedMs: 500, stepMs })
  expect(patience.drainLeftMs).toBe(0)
})
