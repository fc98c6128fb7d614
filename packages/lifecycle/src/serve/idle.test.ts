import { expect, test } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { IdleWatch } from './idle.ts'

function rig(idleMs: number | null) {
  const clock = new ManualClock()
  const state = { needed: false, left: 0, beforeDecision: () => undefined as void }
  const watch = new IdleWatch({
    clock,
    idleMs,
    isNeeded: () => state.needed,
    confirm: (decide) => {
      state.beforeDecision()
      decide()
    },
    leave: () => (state.left += 1),
  })
  const pass = (ms: number): void => {
    for (let done = 0; done < ms; done += 500) {
      clock.advance(500)
      watch.look()
    }
  }
  return { clock, state, pass }
}

test('it leaves after the idle time, counted from the last need', () => {
  const { state, pass } = rig(10_000)
  pass(9500)
  state.needed = true
  pass(500)
  state.needed = false
  pass(9500)
  expect(state.left).toBe(0)
  pass(500)
  expect(state.left).toBe(1)
})

test('K28 a client that arrives with the decision is let in and keeps it', () => {
  const { state, pass } = rig(1000)
  state.beforeDecision = () => {
    state.needed = true
  }
  pass(5000)
  expect(state.left).toBe(0)
})

test('K30 K45 without an idle time, or by a step of the wall clock, it never leaves', () => {
  const never = rig(null)
  never.pass(1e6)
  expect(never.state.left).toBe(0)
  const stepped = rig(10_000)
  stepped.clock.stepWall(1e9)
  stepped.pass(500)
  expect(stepped.state.left).toBe(0)
})
