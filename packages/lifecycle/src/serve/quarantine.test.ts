import { expect, test } from 'vitest'
import type { ExitKind, ExitRecord } from '../claim/exit-record.ts'
import { quarantineReason } from './quarantine.ts'

const identity = { pid: 5, startTicks: 1, bootId: 'here', pidNamespace: 'n', uid: 0 }

/** Exits one second apart, newest first, as `listExits` gives them. */
function exits(kinds: readonly ExitKind[], more: Partial<ExitRecord> = {}): ExitRecord[] {
  return kinds
    .map((kind, index) => ({
      instance: `i${index}`,
      epoch: index + 1,
      kind,
      at: '2026-01-01T00:00:00.000Z',
      bootMs: 100_000 + index * 1000,
      ranMs: 10,
      wasReady: true,
      reason: 'why',
      identity,
      ...more,
    }))
    .toReversed()
}

const crashes = (count: number): ExitKind[] => Array.from({ length: count }, () => 'crash')
const now = { bootId: 'here', bootMs: 110_000 }

test('K42 more than 5 unexpected ends in 60 s are too many; the reason tells the last one', () => {
  expect(quarantineReason(exits(crashes(5)), now)).toBeNull()
  expect(quarantineReason(exits(crashes(6)), now)).toBe(
    'it ended by itself 6 times in 60 s; the last time: crash (why)',
  )
  expect(quarantineReason(exits(crashes(6)), { ...now, bootMs: 200_000 })).toBeNull()
})

test('K42 a clean end forgives, another boot is another story, and a healthy run starts the count anew', () => {
  expect(quarantineReason(exits([...crashes(6), 'clean']), now)).toBeNull()
  expect(quarantineReason(exits(crashes(9), { identity: { ...identity, bootId: 'before' } }), now)).toBeNull()
  expect(quarantineReason(exits([...crashes(6), 'clean', ...crashes(6)]), { ...now, bootMs: 115_000 })).not.toBeNull()
})

test('K42 leaving in order forgives nothing when it never was ready, as in quarantine', () => {
  const [left] = exits(['clean'], { wasReady: false, epoch: 7 })
  const list = [...(left === undefined ? [] : [left]), ...exits(crashes(6))]
  expect(quarantineReason(list, now)).toContain('6 times')
})

test('a daemon that was ready and is killed from outside is not a bad daemon; one that dies at its start is', () => {
  const kills = crashes(20).map((): ExitKind => 'killed')
  expect(quarantineReason(exits(kills), { ...now, bootMs: 121_000 })).toBeNull()
  expect(quarantineReason(exits(kills, { wasReady: false }), { ...now, bootMs: 121_000 })).not.toBeNull()
})
