import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineSplitter, splitLines, type OversizedFrame } from './lines.ts'

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b)
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

type Seen = string | OversizedFrame

function split(limitBytes: number, chunks: readonly Buffer[]): { seen: Seen[]; pendingBytes: number } {
  const seen: Seen[] = []
  const splitter = splitLines(limitBytes, {
    line: (bytes) => seen.push(bytes.toString('latin1')),
    oversized: (frame) => seen.push(frame),
  })
  for (const chunk of chunks) splitter.push(chunk)
  return { seen, pendingBytes: splitter.pendingBytes }
}

const anyLine = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10)))

describe('LineSplitter', () => {
  test('any chunking gives the same frames', () => {
    fc.assert(
      fc.property(fc.array(anyLine), anyLine, fc.array(fc.nat()), (lines, rest, places) => {
        const stream = Buffer.concat([...lines.flatMap((line) => [line, Buffer.from('\n')]), rest])
        const { seen, pendingBytes } = split(64, cut(stream, places))
        expect(seen).toEqual(lines.map((line) => line.toString('latin1')))
        expect(pendingBytes).toBe(rest.length)
      }),
    )
  })

  test('I17 a frame over the limit is reported with its size, and the ones around it arrive, whatever the chunking', () => {
    fc.assert(
      fc.property(fc.array(anyLine), fc.array(fc.nat()), fc.integer({ min: 1, max: 30 }), (lines, places, limit) => {
        const stream = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))
        const { seen } = split(limit, cut(stream, places))
        const sizes = seen.map((each) => (typeof each === 'string' ? each.length : each.bytes))
        expect(sizes).toEqual(lines.map((line) => line.length))
        expect(seen.map((each) => typeof each === 'string')).toEqual(lines.map((line) => line.length <= limit))
      }),
    )
  })

  test('the id and kind of an oversized message are found wherever they stand, whatever the chunking', () => {
    const id = fc.oneof(fc.integer(), fc.string({ maxLength: 20 }))
    fc.assert(
      fc.property(id, fc.json(), fc.constantFrom('first', 'last'), fc.array(fc.nat()), (id, params, where, places) => {
        const big = { method: 'x', params: JSON.parse(params) as unknown, pad: 'p'.repeat(200) }
        const text = JSON.stringify(where === 'first' ? { id, ...big } : { ...big, id })
        const { seen } = split(100, cut(Buffer.from(`${text}\nnext\n`), places))
        expect(seen).toEqual([{ bytes: Buffer.byteLength(text), id, kind: 'request' }, 'next'])
      }),
    )
  })

  test('a name like "id" inside of a string or of a nested object is not the id', () => {
    const text = JSON.stringify({ note: '"id":7,', result: { id: 8, list: [{ id: 9 }] }, id: 'mine' })
    expect(split(10, [Buffer.from(`${text}\n`)]).seen).toEqual([{ bytes: text.length, id: 'mine', kind: 'response' }])
  })

  test('garbage over the limit has no id', () => {
    for (const garbage of ['x'.repeat(50), '}'.repeat(50), '"'.repeat(51), `{"id":{"id":1}}${' '.repeat(20)}`]) {
      expect(split(10, [Buffer.from(`${garbage}\n`)]).seen).toMatchObject([{ id: undefined }])
    }
  })

  test('I17 what an unfinished frame holds is bounded by the limit, however small its pieces', () => {
    const splitter = new LineSplitter(1000, { line: () => undefined, oversized: () => undefined })
    for (let i = 0; i < 100_000; i++) splitter.push(Buffer.from('a'))
    expect(splitter.pendingBytes).toBe(100_000)
  })

  test('frames may be kept: later input does not change them', () => {
    const kept: Buffer[] = []
    const splitter = splitLines(100, { line: (bytes) => kept.push(bytes), oversized: () => undefined })
    for (const piece of ['fir', 'st\nsec', 'ond', '\nthird\n']) splitter.push(Buffer.from(piece))
    expect(kept.map(String)).toEqual(['first', 'second', 'third'])
  })

  test('the work grows with the bytes, not with the square of them', { timeout: 300_000 }, () => {
    const timeOf = (pieces: number): number => {
      const splitter = splitLines(64 * 1024 * 1024, { line: () => undefined, oversized: () => undefined })
      const piece = Buffer.alloc(256, 'a')
      const started = performance.now()
      for (let i = 0; i < pieces; i++) splitter.push(piece)
      splitter.push(Buffer.from('\n'))
      return performance.now() - started
    }
    // Some 0.1 s; to copy what came before with each piece would move 500 GB. A ratio of two short times is noise on a busy machine.
    expect(timeOf(64_000)).toBeLessThan(10_000)
  })
})
