import { ManualClock } from '@holdfast/lifecycle/testing'
import { expect, test } from 'vitest'
import { collectGarbage, Tidy } from './tidy.ts'

test('I17 memory is given back once, a quiet while after a burst', () => {
  const clock = new ManualClock()
  let collected = 0
  const tidy = new Tidy({ clock, collect: () => (collected += 1), burstBytes: 100, quietMs: 1000 })
  tidy.passed(99)
  clock.advance(10_000)
  expect(collected).toBe(0)
  tidy.passed(1)
  clock.advance(500)
  tidy.passed(1)
  clock.advance(500)
  expect(collected).toBe(0)
  clock.advance(1000)
  expect(collected).toBe(1)
  clock.advance(60_000)
  expect(collected).toBe(1)
})

test('collecting works on this runtime', () => {
  expect(() => collectGarbage()).not.toThrow()
})
