import { expect, test } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { PauseWatch } from './pause-watch.ts'

/** A clock whose timers come `lateMs` late once, as after SIGSTOP or on a starved machine. */
class LateClock extends ManualClock {
  private extraMs = 0
  override monotonicMs(): number {
    return super.monotonicMs() + this.extraMs
  }
  override wallMs(): number {
    return super.wallMs() + this.extraMs
  }
  freeze(ms: number): void {
    this.extraMs += ms
  }
}

test('K14 an undisturbed watch says so, and leaves no timer', () => {
  const clock = new ManualClock()
  const watch = new PauseWatch(clock)
  clock.advance(2000)
  expect(watch.stop()).toBe(true)
  expect(clock.waiting).toBe(0)
})

test('K14 while we did not run ourselves, silence proves nothing', () => {
  const clock = new LateClock()
  const watch = new PauseWatch(clock)
  clock.advance(1000)
  clock.freeze(400)
  clock.advance(1000)
  expect(watch.stop()).toBe(false)
})

test('I18 a suspend, which monotonic time may not count, and a step of the wall clock disturb it', () => {
  for (const stepMs of [5000, -5000]) {
    const clock = new ManualClock()
    const watch = new PauseWatch(clock)
    clock.stepWall(stepMs)
    clock.advance(100)
    expect(watch.stop()).toBe(false)
  }
})
