import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { OutputBuffer } from './output-buffer.ts'

function readAll(buffer: OutputBuffer, from: number, maxBytes: number): Buffer {
  const parts: Buffer[] = []
  for (let at = from; at < buffer.endOffset;) {
    const part = buffer.read(at, maxBytes)
    parts.push(part)
    at += part.length
  }
  return Buffer.concat(parts)
}

test('I9 from any acknowledged offset exactly the rest is read, whatever the sizes of the reads and the acknowledgements', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), size: fc.oneof(fc.nat(20), fc.nat(20_000), fc.nat(70_000)) }),
    fc.record({ kind: fc.constant('ack' as const), part: fc.double({ min: 0, max: 1.2, noNaN: true }) }),
    fc.record({
      kind: fc.constant('read' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      max: fc.integer({ min: 1, max: 100_000 }),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const buffer = new OutputBuffer(1 << 20)
      let written = Buffer.alloc(0)
      let acked = 0
      let isEqual = true
      for (const each of steps) {
        if (each.kind === 'write') {
          const bytes = Buffer.alloc(each.size)
          for (let i = 0; i < bytes.length; i += 1) bytes[i] = (written.length + i) * 31
          buffer.append(Buffer.from(bytes))
          written = Buffer.concat([written, bytes])
        } else if (each.kind === 'ack') {
          const to = acked + Math.floor((written.length - acked) * each.part)
          buffer.free(to)
          acked = Math.max(acked, Math.min(to, written.length))
        } else {
          const from = acked + Math.floor((written.length - acked) * each.part)
          isEqual &&= readAll(buffer, from, each.max).equals(written.subarray(from))
        }
        expect(isEqual).toBe(true)
        expect(buffer.ackedOffset).toBe(acked)
        expect(buffer.endOffset).toBe(written.length)
      }
      expect(readAll(buffer, acked, 4096).equals(written.subarray(acked))).toBe(true)
    }),
  )
})

test('I17 a child that writes byte by byte costs little more than its bytes', () => {
  const buffer = new OutputBuffer(1 << 20)
  for (let i = 0; i < 300_000; i += 1) buffer.append(Buffer.from([i & 255]))
  expect(buffer.heldBytes).toBe(300_000)
  expect(buffer.allocatedBytes).toBeLessThan(300_000 + 2 * 64 * 1024)
})

test('I17 acknowledged memory is freed, block by block', () => {
  const buffer = new OutputBuffer(1 << 20)
  for (let i = 0; i < 400; i += 1) {
    buffer.append(Buffer.alloc(64 * 1024, i))
    if (i >= 8) buffer.free((i - 7) * 64 * 1024)
    expect(buffer.allocatedBytes).toBeLessThanOrEqual(9 * 64 * 1024)
  }
  buffer.free(Number.MAX_SAFE_INTEGER)
  expect(buffer.allocatedBytes).toBe(0)
  expect(buffer.ackedOffset).toBe(400 * 64 * 1024)
  expect(buffer.read(buffer.endOffset, 10)).toHaveLength(0)
})

test('I17 it is full at its limit and no longer after an acknowledgement', () => {
  const buffer = new OutputBuffer(100)
  buffer.append(Buffer.alloc(99))
  expect(buffer.isFull).toBe(false)
  buffer.append(Buffer.alloc(5))
  expect(buffer.isFull).toBe(true)
  buffer.free(10)
  expect(buffer.isFull).toBe(false)
})

test('a small write after a large one that was kept by reference does not change what the caller gave', () => {
  const buffer = new OutputBuffer(1 << 20)
  const large = Buffer.alloc(10_000, 1)
  buffer.append(large)
  buffer.append(Buffer.from('abc'))
  expect(large.every((byte) => byte === 1)).toBe(true)
  expect(buffer.read(10_000, 10).toString()).toBe('abc')
})

test('an offset that is gone or not there yet is refused', () => {
  const buffer = new OutputBuffer(100)
  buffer.append(Buffer.from('abcdef'))
  buffer.free(3)
  expect(() => buffer.read(2, 1)).toThrow('offset 2 is outside of 3 to 6')
  expect(() => buffer.read(7, 1)).toThrow('offset 7 is outside of 3 to 6')
})
