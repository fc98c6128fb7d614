import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatError, formatNotice, formatRequest, formatResult, parseMessage } from './message.ts'
import { WireError } from './wire-error.ts'

const read = (text: string): unknown => parseMessage(Buffer.from(text))

describe('messages', () => {
  test('what is written is read back', () => {
    expect(read(formatRequest(1, 'a', { b: 2 }))).toEqual({ kind: 'request', id: 1, method: 'a', params: { b: 2 } })
    expect(read(formatNotice('n', [1]))).toEqual({ kind: 'notice', method: 'n', params: [1] })
    expect(read(formatResult('x', undefined))).toEqual({ kind: 'result', id: 'x', result: null })
    const error = new WireError({
      code: 'no-such-agent',
      kind: 'missing',
      message: 'gone',
      hint: 'look',
      retryable: true,
    })
    const back = parseMessage(Buffer.from(formatError(7, error)))
    expect(back).toMatchObject({ kind: 'error', id: 7 })
    expect(back.kind === 'error' && back.error.toInfo()).toEqual(error.toInfo())
  })

  test.each([
    ['', 'bad-message'],
    ['{', 'bad-message'],
    ['nul', 'bad-message'],
    ['null', 'bad-request'],
    ['[]', 'bad-request'],
    ['[{"jsonrpc":"2.0","id":1,"method":"a"}]', 'bad-request'],
    ['{}', 'bad-request'],
    ['{"jsonrpc":"1.0","id":1,"method":"a"}', 'bad-request'],
    ['{"jsonrpc":"2.0","id":1}', 'bad-request'],
    ['{"jsonrpc":"2.0","id":{},"method":"a"}', 'bad-request'],
    ['{"jsonrpc":"2.0","id":1,"method":3}', 'bad-request'],
    ['{"jsonrpc":"2.0","result":1}', 'bad-request'],
  ])('%s is %s', (text, code) => {
    expect(read(text)).toMatchObject({ kind: 'bad', code })
  })

  test('an error of another program becomes one of ours', () => {
    const message = parseMessage(
      Buffer.from('{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no","data":"why"}}'),
    )
    expect(message).toMatchObject({ kind: 'error', id: 1, error: { code: 'rpc-1', kind: 'failed', message: 'no' } })
    expect(read('{"jsonrpc":"2.0","id":1,"error":7}')).toMatchObject({ kind: 'error', error: { code: 'bad-message' } })
  })

  test('nothing that arrives can throw', () => {
    const inputs = fc.oneof(fc.uint8Array(), fc.json()).map((input) => Buffer.from(input as string))
    expect(fc.check(fc.property(inputs, (bytes) => typeof parseMessage(bytes).kind === 'string')).failed).toBe(false)
  })
})
