import { array, assert, boolean, integer, nat, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SessionInput } from './advance.ts'
import { OffsetLines } from './lines.ts'

function cut(bytes: Buffer, sizes: readonly number[], limitBytes: number): SessionInput[] {
  const events: SessionInput[] = []
  const lines = new OffsetLines({ offset: 0, isSkipping: false }, limitBytes, (event) => events.push(event))
  let at = 0
  for (const size of [...sizes, bytes.length]) {
    const piece = bytes.subarray(at, at + size)
    lines.push(at, piece)
    at += piece.length
  }
  return events
}

describe('the output of an agent as lines', () => {
  test('I9 are the same whatever the chunks are, and each knows where it ends', () => {
    assert(
      property(array(string({ unit: 'grapheme' })), array(integer({ min: 1, max: 7 })), (texts, sizes) => {
        const clean = texts.map((text) => text.replaceAll('\n', ''))
        const bytes = Buffer.from(clean.map((text) => `${text}\n`).join(''))
        let end = 0
        const expected = clean.map((text) => {
          end += Buffer.byteLength(text) + 1
          return { kind: 'line', end, text: `${text}\n` }
        })
        expect(cut(bytes, sizes, 1000)).toEqual(expected)
      }),
    )
  })

  test('I17 a line over the limit is left out in pieces, and what follows is whole', () => {
    const events = cut(Buffer.from(`${'x'.repeat(25)}\nafter\n`), [10, 10], 8)
    expect(events.slice(0, -1).every(({ kind }) => kind === 'skipped')).toBe(true)
    expect(events.at(-2)).toEqual({ kind: 'skipped', end: 26, isOpen: false })
    expect(events.at(-1)).toEqual({ kind: 'line', end: 32, text: 'after\n' })
  })

  test('I9 a successor that starts at any told offset sees the rest, exactly once', () => {
    const bytes = Buffer.from(`one\n${'y'.repeat(40)}\ntwo\nthree\n`)
    assert(
      property(nat({ max: 8 }), boolean(), (taken, isReplayed) => {
        const all = cut(bytes, [6, 6, 6, 6], 16)
        const last = all[Math.min(taken, all.length) - 1]
        const start = { offset: 0, isSkipping: false }
        if (last?.kind === 'line') start.offset = last.end
        if (last?.kind === 'skipped') Object.assign(start, { offset: last.end, isSkipping: last.isOpen })
        const rest: SessionInput[] = []
        const lines = new OffsetLines(start, 16, (event) => rest.push(event))
        const from = isReplayed ? 0 : start.offset
        lines.push(from, bytes.subarray(from))
        const texts = (events: readonly SessionInput[]): unknown[] => events.filter(({ kind }) => kind === 'line')
        expect([...texts(all.slice(0, taken)), ...texts(rest)]).toEqual(texts(all))
      }),
    )
  })
})
