import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeHello, encodeRefused, encodeWelcome, parseAnswer, parseHello } from './handshake.ts'
import type { Identity } from './identity.ts'
import { encodeReadiness, parseReadiness } from './readiness.ts'
import { commonProtocol, type DaemonRecord, encodeLabel, encodeRecord, type Label, labelBytes } from './record.ts'
import { parseLabel, parseRange, parseRecord } from './record.ts'
import { encodeExit, type ExitRecord, parseExit } from './claim/exit-record.ts'

const identity: Identity = { pid: 4242, startTicks: 7, bootId: 'b', pidNamespace: 'n', uid: 0 }
const label: Label = { instance: 'i1', epoch: 3, identity, socket: '/s', version: '1', sinceBootMs: 5, wasReady: true }
const record: DaemonRecord = {
  schema: 1,
  epoch: 3,
  instance: 'i1',
  identity,
  socket: '/s',
  version: '1',
  protocol: { min: 1, max: 2 },
  execPath: '/node',
  config: null,
  owner: 'app',
  state: 'ready',
  startedAt: '2026-01-01T00:00:00.000Z',
}
const exit: ExitRecord = {
  instance: 'i1',
  epoch: 3,
  kind: 'clean',
  at: '2026-01-01T00:00:00.000Z',
  bootMs: 9,
  ranMs: 4,
  wasReady: true,
  reason: 'idle',
  identity,
}
const hello = { nonce: 'n1', protocol: { min: 1, max: 1 }, version: '1', role: 'client', identity }
const welcome = {
  nonce: 'n1',
  epoch: 3,
  instance: 'i1',
  version: '1',
  protocol: { min: 1, max: 1 },
  state: 'ready' as const,
  capabilities: ['a'],
  pid: 7,
  config: null,
  owner: null,
}

test('what is written is read back as it was', () => {
  expect(parseRecord(encodeRecord(record))).toEqual(record)
  expect(parseLabel(encodeLabel(label))).toEqual(label)
  expect(parseExit(encodeExit(exit))).toEqual(exit)
  expect(parseHello(encodeHello({ ...hello, project: '/p', instance: 'c' }))).toEqual({
    ...hello,
    project: '/p',
    instance: 'c',
  })
  expect(parseAnswer(encodeWelcome(welcome), 'n1')).toEqual({ kind: 'welcome', welcome })
  const refused = { nonce: 'n1', code: 'draining' as const, message: 'm', version: '1', protocol: { min: 1, max: 1 } }
  expect(parseAnswer(encodeRefused(refused), 'n1')).toEqual({ kind: 'refused', refused })
  const ready = { kind: 'ready' as const, epoch: 1, instance: 'i', pid: 5 }
  for (const each of [ready, { kind: 'lost' as const, by: label }, { kind: 'lost' as const, by: null }]) {
    expect(parseReadiness(encodeReadiness(each))).toEqual(each)
  }
})

test('K10 an answer without the nonce of this hello is no answer', () => {
  expect(parseAnswer(encodeWelcome(welcome), 'n2')).toBeNull()
  expect(parseAnswer('{"holdfast":1}', 'n1')).toBeNull()
})

test('a label is always of one length, so that one write replaces it whole', () => {
  expect(Buffer.byteLength(encodeLabel(label))).toBe(labelBytes)
  expect(Buffer.byteLength(encodeLabel({ ...label, instance: 'i'.repeat(64), socket: `/${'ü'.repeat(100)}` }))).toBe(
    labelBytes,
  )
})

test('K22 every prefix of a torn record, label, exit or hello is null, not half of one', () => {
  const whole = [encodeRecord(record), encodeLabel(label).trimEnd(), encodeExit(exit), encodeHello(hello)]
  for (const text of whole.map((each) => each.trimEnd())) {
    for (let end = 0; end < text.length; end += 1) {
      const torn = text.slice(0, end)
      expect([parseRecord(torn), parseLabel(torn), parseExit(torn), parseHello(torn), parseReadiness(torn)]).toEqual(
        Array.from({ length: 5 }, () => null),
      )
    }
  }
})

test('K22 hostile contents never throw and never pass', () => {
  const hostile: unknown[] = [
    { ...record, identity: { ...identity, pid: 0 } },
    { ...record, identity: { ...identity, pid: -1 } },
    { ...record, identity: { ...identity, pid: 1 } },
    { ...record, identity: { ...identity, pid: 1e16 } },
    { ...record, instance: '../../etc/passwd' },
    { ...record, epoch: 1.5 },
    { ...record, epoch: 0 },
    { ...record, schema: 2 },
    { ...record, socket: 'x'.repeat(5000) },
    { ...record, padding: 'x'.repeat(20_000) },
    [record],
    null,
  ]
  for (const each of hostile) {
    expect([each, parseRecord(JSON.stringify(each))]).toEqual([each, null])
    expect(parseLabel(JSON.stringify(each))).toBeNull()
  }
  const parsers = [
    parseRecord,
    parseLabel,
    parseExit,
    parseHello,
    parseReadiness,
    (text: string) => parseAnswer(text, 'n'),
  ]
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parsers.every((parse) => parse(text) === null)))
})

test('a long reason is cut, and an empty one becomes the kind', () => {
  expect(parseExit(encodeExit({ ...exit, reason: 'x'.repeat(50_000) }))?.reason).toHaveLength(4000)
  expect(parseExit(encodeExit({ ...exit, reason: '' }))?.reason).toBe('clean')
})

test('protocol ranges meet at the newest version that both speak, or not at all', () => {
  expect(commonProtocol({ min: 1, max: 3 }, { min: 2, max: 5 })).toBe(3)
  expect(commonProtocol({ min: 1, max: 1 }, { min: 2, max: 5 })).toBeNull()
  expect(parseRange({ min: 2, max: 1 })).toBeNull()
})
