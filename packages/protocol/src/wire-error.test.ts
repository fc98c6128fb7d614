import { describe, expect, test } from 'vitest'
import {
  exitCodes,
  fromRpcError,
  isWireError,
  protocolError,
  protocolErrors,
  toRpcError,
  toWireError,
} from './wire-error.ts'

describe('WireError', () => {
  test('each error of the table crosses the wire unchanged', () => {
    for (const code of Object.keys(protocolErrors) as (keyof typeof protocolErrors)[]) {
      const error = protocolError(code, `message of ${code}`)
      expect(fromRpcError(JSON.parse(JSON.stringify(toRpcError(error)))).toInfo()).toEqual(error.toInfo())
      expect(error.exitCode).toBe(exitCodes[error.kind])
    }
  })

  test('an error of another package keeps its code, kind and hint', () => {
    const foreign = Object.assign(new Error('the store is full'), {
      code: 'store-full',
      kind: 'unavailable',
      retryable: true,
      hint: 'free some space',
    })
    expect(toWireError(foreign).toInfo()).toEqual({
      code: 'store-full',
      kind: 'unavailable',
      message: 'the store is full',
      retryable: true,
      hint: 'free some space',
    })
  })

  test('what has no code and kind is internal, and keeps its cause', () => {
    const bug = new TypeError('x is not a function')
    expect(toWireError(bug)).toMatchObject({ code: 'internal', kind: 'internal', cause: bug })
    expect(toWireError('a string')).toMatchObject({ code: 'internal', message: 'a string' })
    expect(toWireError(Object.assign(new Error('no'), { code: 'ENOENT' }))).toMatchObject({ code: 'internal' })
  })

  test('is known by its brand', () => {
    expect(isWireError(protocolError('timeout', 'late'))).toBe(true)
    expect(isWireError(new Error('late'))).toBe(false)
    expect(isWireError(null)).toBe(false)
  })
})
