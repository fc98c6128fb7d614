import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { age, formatDuration, parseDuration } from './duration.ts'

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['20s', 20_000],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['1.5h', 5_400_000],
    ['3', 3000],
    ['0', 0],
    ['365d', 365 * 86_400_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', 's', '1x', '1 s', '-1s', '1s-', 'soon', '366d', '1e3s', '9'.repeat(400)])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull()
  })

  it('reads back what it writes, to the second unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 365 * 86_400_000 }), (ms) => {
        const text = formatDuration(ms)
        const back = parseDuration(text.replaceAll(' ', ''))
        expect(back).not.toBeNull()
        expect(Math.abs((back ?? 0) - ms)).toBeLessThanOrEqual(Math.max(100, ms * 0.04))
      }),
    )
  })

  it('shows an age, also of a time in the future or of none', () => {
    expect(age('2026-01-01T00:00:00Z', Date.parse('2026-01-02T03:00:00Z'))).toBe('1d 3h')
    expect(age('2026-01-01T00:00:10Z', Date.parse('2026-01-01T00:00:00Z'))).toBe('0ms')
    expect(age(null, 0)).toBe('-')
    expect(age('nonsense', 0)).toBe('-')
  })
})
