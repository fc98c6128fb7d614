import { expect, test } from 'vitest'
import { errnoOf, fileError, isLifecycleError, LifecycleError, lifecycleErrors } from './errors.ts'

test.each(Object.entries(lifecycleErrors))(
  '%s has an exit code that fits its kind, and says the fix',
  (_code, entry) => {
    const codes = {
      usage: [2],
      missing: [3],
      unavailable: [4],
      denied: [4],
      incompatible: [5],
      conflict: [6],
      timeout: [7],
    }
    const expected: readonly number[] = { ...codes, failed: [1, 130], internal: [70] }[entry.kind]
    expect(expected).toContain(entry.exitCode)
    expect(entry.hint.length).toBeGreaterThan(5)
  },
)

test('an error carries its row of the table, its cause and its evidence', () => {
  const cause = new Error('below')
  const error = new LifecycleError('start-failed', 'it did not start', { cause, evidence: 'last line' })
  expect(error).toMatchObject({ code: 'start-failed', kind: 'unavailable', exitCode: 4, retryable: true, cause })
  expect(error.evidence).toBe('last line')
  expect(isLifecycleError(error)).toBe(true)
  expect(isLifecycleError(cause)).toBe(false)
})

test('a system error becomes the error that a user understands', () => {
  const full = Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' })
  expect(fileError('write', '/x', full)).toMatchObject({ code: 'disk-full', retryable: true })
  expect(fileError('write', '/x', full).message).toBe('cannot write /x: no space is left on the device (ENOSPC)')
  const tooBig = Object.assign(new Error('no'), { code: 'EFBIG' })
  expect(fileError('write', '/x', tooBig)).toMatchObject({ code: 'disk-full', kind: 'unavailable' })
  expect(fileError('write', '/x', new Error('odd')).code).toBe('internal')
  expect(fileError('write', '/x', new LifecycleError('cancelled', 'no')).code).toBe('cancelled')
  expect(errnoOf(full)).toBe('ENOSPC')
  expect(errnoOf('ENOSPC')).toBeUndefined()
})
