import { expect, test } from 'vitest'
import { deadlineIn, systemClock } from './clock.ts'
import { ManualClock } from './testing/manual-clock.ts'

test('I18 a deadline follows monotonic time; a step of the wall clock changes nothing', () => {
  const clock = new ManualClock()
  const deadline = deadlineIn(clock, 1000)
  clock.stepWall(3 * 86_400_000)
  expect(deadline.remainingMs()).toBe(1000)
  clock.stepWall(-6 * 86_400_000)
  clock.advance(999)
  expect(deadline.isOver()).toBe(false)
  clock.advance(1)
  expect(deadline.isOver()).toBe(true)
  clock.advance(1)
  expect(deadline.remainingMs()).toBe(0)
})

test('timers fire in the order of their time, also those made while time moves', () => {
  const clock = new ManualClock()
  const seen: string[] = []
  clock.setTimer(20, () => seen.push(`b${clock.monotonicMs()}`))
  clock.setTimer(10, () => {
    seen.push(`a${clock.monotonicMs()}`)
    clock.setTimer(5, () => seen.push(`c${clock.monotonicMs()}`))
  })
  clock.setTimer(15, () => seen.push('never')).cancel()
  clock.advance(30)
  expect(seen).toEqual(['a10', 'c15', 'b20'])
})

test('sleep ends early with the reason of its signal, and leaves no timer', async () => {
  const clock = new ManualClock()
  const abort = new AbortController()
  const sleeping = clock.sleep(1000, abort.signal)
  abort.abort(new Error('enough'))
  await expect(sleeping).rejects.toThrow('enough')
  expect(clock.waiting).toBe(0)
  await expect(systemClock.sleep(1000, AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
  await systemClock.sleep(1)
})
