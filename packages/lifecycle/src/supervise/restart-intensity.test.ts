import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoff, defaultBackoff } from './backoff.ts'
import { restartDecision, type UnexpectedExit } from './restart-intensity.ts'

const never = (): number => 0
const exits = (...atMs: number[]): UnexpectedExit[] => atMs.map((at) => ({ atMs: at, ranMs: 100 }))

test('K42 backoff doubles from 100 ms to 30 s, and its jitter only shortens', () => {
  const waits = Array.from({ length: 12 }, (_, attempt) => backoff(attempt, defaultBackoff, never))
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000])
  fc.assert(
    fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, chance) => {
      const wait = backoff(attempt, defaultBackoff, () => chance)
      expect(wait).toBeGreaterThanOrEqual(50)
      expect(wait).toBeLessThanOrEqual(30_000)
    }),
  )
})

test('K42 five unexpected exits in a minute are borne with growing waits, the sixth is a crash loop', () => {
  expect(restartDecision([], 0)).toEqual({ kind: 'restart', afterMs: 0, attempt: 0 })
  const times = [0, 1000, 2000, 3000, 4000, 5000]
  const decisions = times.map((now, index) =>
    restartDecision(exits(...times.slice(0, index + 1)), now, undefined, never),
  )
  expect(decisions).toEqual([
    { kind: 'restart', afterMs: 100, attempt: 1 },
    { kind: 'restart', afterMs: 200, attempt: 2 },
    { kind: 'restart', afterMs: 400, attempt: 3 },
    { kind: 'restart', afterMs: 800, attempt: 4 },
    { kind: 'restart', afterMs: 1600, attempt: 5 },
    { kind: 'quarantined', exits: 6, periodMs: 60_000 },
  ])
})

test('K42 exits spread over more than the period never quarantine, but the wait stays long', () => {
  const decision = restartDecision(
    exits(0, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000),
    120_000,
    undefined,
    never,
  )
  expect(decision).toEqual({ kind: 'restart', afterMs: 6400, attempt: 7 })
})

test('K42 a healthy minute resets both', () => {
  const history = [...exits(0, 1, 2, 3, 4), { atMs: 70_000, ranMs: 60_000 }]
  expect(restartDecision(history, 70_000, undefined, never)).toEqual({ kind: 'restart', afterMs: 100, attempt: 1 })
})

test('time that has passed since the exit counts as waiting', () => {
  expect(restartDecision(exits(0, 10, 20), 300, undefined, never)).toEqual({
    kind: 'restart',
    afterMs: 120,
    attempt: 3,
  })
})

test('K42 whatever the history, it is either a bounded wait or a quarantine with more than the limit', () => {
  const history = fc.array(fc.record({ atMs: fc.nat(200_000), ranMs: fc.nat(100_000) }), { maxLength: 30 })
  fc.assert(
    fc.property(history, (list) => {
      const sorted = list.sort((a, b) => a.atMs - b.atMs)
      const decision = restartDecision(sorted, sorted.at(-1)?.atMs ?? 0)
      const isBounded = decision.kind === 'restart' ? decision.afterMs <= 30_000 : decision.exits > 5
      expect(isBounded).toBe(true)
    }),
  )
})
