import { describe, expect, test } from 'vitest'
import { deadlineOf, remainingMs } from './deadline.ts'

const clock = (bootId: string, ms: number) => ({ bootId, sinceBootMs: () => ms })

describe('the deadline of an ask', () => {
  test('I18 counts on across daemons of one boot', () => {
    const record = deadlineOf(10_000, clock('b1', 500), 0)
    expect(remainingMs(record, clock('b1', 500))).toBe(10_000)
    expect(remainingMs(record, clock('b1', 8500))).toBe(2000)
    expect(remainingMs(record, clock('b1', 99_999))).toBe(0)
  })

  test('I18 is not touched by a jump of the wall clock', () => {
    const before = deadlineOf(10_000, clock('b1', 500), 1_000_000)
    const after = deadlineOf(10_000, clock('b1', 500), 9_000_000_000_000)
    expect(remainingMs(before, clock('b1', 1500))).toBe(remainingMs(after, clock('b1', 1500)))
    expect(after.expectedAt.length).toBeGreaterThan(10)
  })

  test('I18 never passes early after a reboot', () => {
    const record = deadlineOf(10_000, clock('b1', 5_000_000), 0)
    expect(remainingMs(record, clock('b2', 3))).toBe(10_000)
  })
})
