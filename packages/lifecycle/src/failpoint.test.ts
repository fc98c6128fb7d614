import { expect, test } from 'vitest'
import { isLifecycleError } from './errors.ts'
import { failpointNames, parseFailpoints } from './failpoint.ts'

test('nothing happens unless it was asked for', () => {
  const none = parseFailpoints(undefined)
  for (const name of failpointNames) expect(() => none(name)).not.toThrow()
  expect(() => parseFailpoints('claim.locked=error(EIO)')('claim.epoch')).not.toThrow()
})

test('terms with a count give way to the next one', () => {
  const point = parseFailpoints('claim.locked=1*off->2*error(ENOSPC)->1*delay(1); publish.bound=error(EIO)')
  const outcomes = Array.from({ length: 5 }, () => {
    try {
      point('claim.locked')
      return 'ok'
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error
    }
  })
  expect(outcomes).toEqual(['ok', 'ENOSPC', 'ENOSPC', 'ok', 'ok'])
  expect(() => point('publish.bound')).toThrow('EIO')
})

test.each([
  'nowhere=kill',
  'claim.locked',
  'claim.locked=',
  'claim.locked=explode',
  'claim.locked=error(x y)',
  '=kill',
])('%s is refused', (text) => {
  let caught: unknown
  try {
    parseFailpoints(text)
  } catch (error) {
    caught = error
  }
  expect(isLifecycleError(caught) && caught.code).toBe('failpoint-invalid')
})
