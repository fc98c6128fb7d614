import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readEnvelope, splice, textOf, valueOf } from './envelope.ts'
import { skipSpace, skipValue } from './json-scan.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function accepts(text: string): boolean {
  const bytes = Buffer.from(text)
  const end = skipValue(bytes, 0)
  return end !== -1 && skipSpace(bytes, end) === bytes.length
}

test('the scanner accepts what JSON.parse accepts', () => {
  fc.assert(fc.property(fc.json(), (text) => accepts(text)))
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', ',', '"', '\\', '}', '0', ' ', '\n', 'e'),
      (text, place, what) => {
        const at = place % (text.length + 1)
        const broken = text.slice(0, at) + what + text.slice(at + 1)
        expect(accepts(broken)).toBe(isJson(broken))
      },
    ),
    { numRuns: 3000 },
  )
  for (const text of [
    '',
    '01',
    '1.',
    '.5',
    '-',
    '1e',
    '+1',
    'tru',
    '"\\u12g4"',
    '"\t"',
    '[1,]',
    '{,}',
    '{"a"}',
    '1 2',
    '[',
    '{"a":1',
  ]) {
    expect([text, accepts(text)]).toEqual([text, false])
  }
})

test('deep nesting is refused and does not overflow the stack', () => {
  expect(accepts('['.repeat(900) + ']'.repeat(900))).toBe(true)
  expect(accepts('['.repeat(1_000_000))).toBe(false)
})

test('an envelope has the id as it is written, the method and the tokens', () => {
  const line = Buffer.from('{ "params":{"_meta":{"progressToken":"t"},"id":9}, "method":"tools\\/call","id":"1" }\r')
  const envelope = readEnvelope(line)
  expect(envelope).toMatchObject({ kind: 'request', id: '"1"', method: 'tools/call' })
  expect(valueOf(line, envelope!.token!)).toBe('t')
  expect(readEnvelope(Buffer.from('{"id":1,"method":"x"}'))).toMatchObject({ kind: 'request', id: '1', token: null })
  expect(readEnvelope(Buffer.from('{"method":"x"}'))).toMatchObject({ kind: 'notification', id: null })
  expect(readEnvelope(Buffer.from('{"id":7,"result":{}}'))).toMatchObject({ kind: 'response', isError: false })
  expect(readEnvelope(Buffer.from('{"id":null,"error":{"code":1}}'))).toMatchObject({ kind: 'response', isError: true })
  const cancel = Buffer.from('{"method":"notifications/cancelled","params":{"requestId":"a|b"}}')
  expect(textOf(cancel, readEnvelope(cancel)!.requestId!)).toBe('"a|b"')
})

test('what no router may pass on is null', () => {
  const lines = [
    'hello',
    '[]',
    '{}',
    '{"id":1,"id":2,"method":"x"}',
    '{"id":1,"\\u0069d":2,"method":"x"}',
    '{"id":{},"method":"x"}',
    '{"id":null,"method":"x"}',
    '{"id":1,"method":5}',
    '{"id":1,"result":1,"error":{}}',
    '{"id":1,"method":"x"',
  ]
  for (const line of lines) expect([line, readEnvelope(Buffer.from(line))]).toEqual([line, null])
  expect(readEnvelope(Buffer.from([0x7b, 0xff, 0x7d]))).toBeNull()
})

test('splice changes only the spans', () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), (before, after) => {
      const text = `{"x":${before},"id":5,"method":"m","params":{"_meta":{"progressToken":1}},"y":${after}}`
      const line = Buffer.from(text)
      const envelope = readEnvelope(line)!
      const edited = splice(line, [
        { span: envelope.token!, text: '"a|1"' },
        { span: envelope.idSpan!, text: '"a|5"' },
      ])
      expect(edited.toString()).toBe(
        `{"x":${before},"id":"a|5","method":"m","params":{"_meta":{"progressToken":"a|1"}},"y":${after}}`,
      )
    }),
  )
})

test('I17 64 MiB are read in linear time', () => {
  const line = Buffer.from(`{"id":1,"result":{"text":"${'é'.repeat(32 * 1024 * 1024 - 20)}"}}`)
  const started = performance.now()
  expect(readEnvelope(line)?.id).toBe('1')
  expect(performance.now() - started).toBeLessThan(15_000)
})
