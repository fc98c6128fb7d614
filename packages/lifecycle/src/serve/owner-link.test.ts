import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { type LinkEvent, type LinkState, nextLinkState, OwnerLink } from './owner-link.ts'

function rig(atTheDoor = () => false) {
  const clock = new ManualClock()
  let fired = 0
  const link = new OwnerLink({
    clock,
    graceMs: 5000,
    isSomebodyAtTheDoor: atTheDoor,
    confirm: (decide) => decide(),
    fire: () => (fired += 1),
  })
  return { clock, link, fired: () => fired }
}

test('the table of the link, whole', () => {
  const states: LinkState[] = ['unarmed', 'armed', 'grace', 'fired']
  const events: LinkEvent[] = ['owner-came', 'last-owner-left', 'grace-over']
  const table = states.map((state) => events.map((event) => nextLinkState(state, event)))
  expect(table).toEqual([
    ['armed', 'unarmed', 'unarmed'],
    ['armed', 'grace', 'armed'],
    ['armed', 'grace', 'fired'],
    ['fired', 'fired', 'fired'],
  ])
})

test('K27 nothing but an owner arms it', () => {
  const { clock, link, fired } = rig()
  clock.advance(1e9)
  expect([link.current, fired(), clock.waiting]).toEqual(['unarmed', 0, 0])
})

test('K28 it fires once, 5 s after the last owner is gone', () => {
  const { clock, link, fired } = rig()
  link.ownerCame()
  link.ownerCame()
  link.ownerLeft()
  clock.advance(60_000)
  expect(fired()).toBe(0)
  link.ownerLeft()
  clock.advance(4999)
  expect(fired()).toBe(0)
  clock.advance(1)
  expect(fired()).toBe(1)
  clock.advance(1e6)
  expect([fired(), link.current]).toEqual([1, 'fired'])
})

test('K28 an owner who comes back in time cancels it, and the next grace is whole', () => {
  const { clock, link, fired } = rig()
  for (let round = 0; round < 100; round += 1) {
    link.ownerCame()
    link.ownerLeft()
    clock.advance(4999)
  }
  expect([fired(), clock.waiting]).toEqual([0, 1])
  clock.advance(1)
  expect(fired()).toBe(1)
})

test('K28 while somebody at the door has not said who it is, nothing is decided', () => {
  let someone = true
  const { clock, link, fired } = rig(() => someone)
  link.ownerCame()
  link.ownerLeft()
  clock.advance(6000)
  expect(fired()).toBe(0)
  link.ownerCame()
  someone = false
  clock.advance(60_000)
  expect(fired()).toBe(0)
  link.ownerLeft()
  clock.advance(5000)
  expect(fired()).toBe(1)
})

test('K45 a step of the wall clock decides nothing', () => {
  const { clock, link, fired } = rig()
  link.ownerCame()
  link.ownerLeft()
  clock.stepWall(3 * 86_400_000)
  clock.stepWall(-6 * 86_400_000)
  expect(fired()).toBe(0)
  clock.advance(5000)
  expect(fired()).toBe(1)
})

test('K28 in any history it fires at most once, and only after a whole grace without an owner', () => {
  const step = fc.oneof(fc.constant('came' as const), fc.constant('left' as const), fc.integer({ min: 0, max: 7000 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, link, fired } = rig()
      let owners = 0
      let aloneMs = 0
      let everOwned = false
      let expected = 0
      for (const each of steps) {
        if (each === 'came') {
          owners += 1
          everOwned = true
          aloneMs = 0
          if (expected === 0) link.ownerCame()
        } else if (each === 'left') {
          if (owners === 0) continue
          owners -= 1
          if (expected === 0) link.ownerLeft()
        } else {
          clock.advance(each)
          if (everOwned && owners === 0) aloneMs += each
          if (aloneMs >= 5000) expected = 1
        }
        expect(fired()).toBe(expected)
      }
    }),
  )
})
