import { expect, test } from 'vitest'
import { LazyWatchdog } from './lazy-watchdog.ts'

function rig(looksForHangs: boolean) {
  const calls: string[] = []
  const lazy = new LazyWatchdog(() => {
    calls.push('start')
    return { armDrain: (ms) => calls.push(`drain ${ms}`), stop: () => calls.push('stop') }
  }, looksForHangs)
  return { lazy, calls }
}

test('the thread is started once, for clients that stay, and never for one that only passes', () => {
  const { lazy, calls } = rig(true)
  for (const used of [true, false, true, false]) lazy.look(used)
  expect(calls).toEqual([])
  for (const used of [true, true, true, false, true, true]) lazy.look(used)
  expect(calls).toEqual(['start'])
})

test('K23 a drain has it at once, whether hangs are looked for or not', () => {
  const { lazy, calls } = rig(false)
  for (let index = 0; index < 5; index += 1) lazy.look(true)
  expect(calls).toEqual([])
  lazy.armDrain(100)
  lazy.stop()
  expect(calls).toEqual(['start', 'drain 100', 'stop'])
})
