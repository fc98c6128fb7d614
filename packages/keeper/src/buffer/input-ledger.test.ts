import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { InputLedger } from './input-ledger.ts'

test('I9 a tag is taken once until it is settled, and frames are numbered without gaps', () => {
  const step = fc.record({
    kind: fc.constantFrom('admit', 'settle'),
    tag: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: null }),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const ledger = new InputLedger(100)
      const open = new Set<string>()
      let frames = 0
      for (const { kind, tag } of steps) {
        if (kind === 'settle') {
          ledger.settle(tag === null ? [] : [tag])
          if (tag !== null) open.delete(tag)
          continue
        }
        const isNew = tag === null || !open.has(tag)
        if (isNew) frames += 1
        expect(ledger.admit(tag)).toEqual(isNew ? { kind: 'taken', frame: frames } : { kind: 'already' })
        if (tag !== null) open.add(tag)
        expect(ledger.lastFrame).toBe(frames)
        expect([...ledger.openTags].sort()).toEqual([...open].sort())
      }
    }),
  )
})

test('I17 the number of open tags is bounded; untagged frames still pass', () => {
  const ledger = new InputLedger(2)
  expect(ledger.admit('a').kind).toBe('taken')
  expect(ledger.admit('b').kind).toBe('taken')
  expect(ledger.admit('c').kind).toBe('full')
  expect(ledger.admit(null).kind).toBe('taken')
  ledger.settle(['a', 'never seen'])
  expect(ledger.admit('c').kind).toBe('taken')
})
