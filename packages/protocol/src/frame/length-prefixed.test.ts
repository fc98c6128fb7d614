import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeFrame, FrameSplitter } from './length-prefixed.ts'

type Seen = { type: number; payload: string } | { type: number; tooLarge: number }

function split(limitBytes: number, chunks: readonly Buffer[]): Seen[] {
  const seen: Seen[] = []
  const splitter = new FrameSplitter(limitBytes, {
    frame: (type, payload) => seen.push({ type, payload: payload.toString('hex') }),
    oversized: (type, bytes) => seen.push({ type, tooLarge: bytes }),
  })
  for (const chunk of chunks) splitter.push(chunk)
  return seen
}

const anyFrames = fc.array(fc.record({ type: fc.nat(255), payload: fc.uint8Array({ maxLength: 60 }) }))

describe('FrameSplitter', () => {
  test('any chunking gives the same frames; one over the limit is skipped and reported', () => {
    fc.assert(
      fc.property(anyFrames, fc.array(fc.nat()), (frames, places) => {
        const stream = Buffer.concat(frames.map(({ type, payload }) => encodeFrame(type, payload)))
        const at = [...places.map((place) => place % (stream.length + 1)), 0, stream.length].sort((a, b) => a - b)
        const chunks = at.slice(1).map((end, index) => stream.subarray(at[index], end))
        const expected = frames.map(({ type, payload }) =>
          payload.length > 40
            ? { type, tooLarge: payload.length }
            : { type, payload: Buffer.from(payload).toString('hex') },
        )
        expect(split(40, chunks)).toEqual(expected)
      }),
    )
  })

  test('text is framed as UTF-8', () => {
    const text = 'kelp ≈ 海藻'
    expect(split(100, [encodeFrame(3, text)])).toEqual([{ type: 3, payload: Buffer.from(text).toString('hex') }])
  })

  test('I17 a hostile length reserves nothing', () => {
    expect(split(1000, [Buffer.from([0xff, 0xff, 0xff, 0xff, 1])])).toEqual([{ type: 1, tooLarge: 0xffffffff }])
  })
})
