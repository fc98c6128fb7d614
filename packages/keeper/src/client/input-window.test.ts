import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { InputWindow } from './input-window.ts'

test('I17 frames are sent in order, and no more than one goes beyond the limit', () => {
  const limit = 100
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(150), fc.constant('answer' as const))), (steps) => {
      const window = new InputWindow(limit)
      const sent: number[] = []
      const given: number[] = []
      let answered = 0
      let mostBytes = 0
      for (const step of steps) {
        if (step === 'answer') {
          const bytes = sent[answered]
          if (bytes === undefined) continue
          answered += 1
          window.answered(bytes)
        } else {
          given.push(step)
          window.enter(step, () => sent.push(step))
        }
        const underWay = sent.slice(answered)
        const before = underWay.slice(0, -1).reduce((sum, bytes) => sum + bytes, 0)
        mostBytes = Math.max(mostBytes, before)
      }
      expect(sent).toEqual(given.slice(0, sent.length))
      expect(mostBytes).toBeLessThan(limit)
      window.release()
      expect(sent).toEqual(given)
    }),
  )
})
