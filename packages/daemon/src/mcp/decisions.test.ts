import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { capabilityKey, revisionFor } from './negotiate.ts'
import { OutputLedger } from './output-ledger.ts'
import { type Evidence, isToolRepeatable, repeatable, resume } from './send-again.ts'
import { routeOf, upstreamTag } from './upstream-id.ts'

test('I11 an id comes back as it was written, whatever it is and however the server escapes it', () => {
  const id = fc.oneof(fc.integer(), fc.string()).map((value) => JSON.stringify(value))
  fc.assert(
    fc.property(id, (original) => {
      const sent = JSON.stringify(upstreamTag('d1', original))
      const escaped = sent.replace(/[^\x20-\x7E]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
      for (const text of [sent, escaped]) expect(routeOf(text)).toEqual({ downstream: 'd1', original })
    }),
  )
  for (const foreign of ['5', '"q1"', '"|1"', 'null']) expect(routeOf(foreign)).toBeNull()
})

test('I11 what was not handed over is sent, what may have been is not', () => {
  const table: [Evidence['tag'], Evidence['holder'], boolean, ReturnType<typeof resume>][] = [
    ['running', 'same', false, 'wait'],
    ['running', 'other', true, 'wait'],
    ['ended', 'same', false, 'ended'],
    ['none', 'never', false, 'send'],
    ['none', 'same', false, 'send'],
    ['none', 'same', true, 'unknowable'],
    ['none', 'other', false, 'unknowable'],
  ]
  for (const [tag, holder, wasGivenUp, then] of table) {
    expect([tag, holder, wasGivenUp, resume({ tag, holder, wasGivenUp })]).toEqual([tag, holder, wasGivenUp, then])
  }
  expect(['tools/list', 'tools/call', 'tasks/run'].map((each) => repeatable(each, false))).toEqual([
    'yes',
    'ask-tool',
    'no',
  ])
  expect(repeatable('tools/list', true)).toBe('no')
  expect([undefined, {}, { readOnlyHint: true }, { idempotentHint: true }].map(isToolRepeatable)).toEqual([
    false,
    false,
    true,
    true,
  ])
})

test('I9 output is freed up to the first line that is not done, in whatever order lines are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.infiniteStream(fc.nat()), (count, chance) => {
      const ledger = new OutputLedger()
      const open = Array.from({ length: count }, (_, index) => (index + 1) * 10)
      for (const end of open) ledger.open(end)
      let freed = 0
      while (open.length > 0) {
        const [end = 0] = open.splice((chance.next().value ?? 0) % open.length, 1)
        freed = ledger.done(end) ?? freed
        expect(freed).toBe(open.length === 0 ? count * 10 : Math.min(...open) - 10)
      }
      expect(ledger.openLines).toBe(0)
    }),
  )
})

test("a host hears the older of the two revisions, and the server's when its own is not known", () => {
  expect(revisionFor('2024-11-05', '2025-06-18')).toBe('2024-11-05')
  expect(revisionFor('2025-11-25', '2025-06-18')).toBe('2025-06-18')
  expect(revisionFor('1999-01-01', '2025-06-18')).toBe('2025-06-18')
  expect(capabilityKey({ b: { y: 1, x: 2 }, a: {} })).toBe(capabilityKey({ a: {}, b: { x: 2, y: 1 } }))
})
