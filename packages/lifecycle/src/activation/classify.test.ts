import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { classifyErrno } from './classify.ts'

test('K18 of every errno there is, only these let a daemon be started or doubted; all others are final', () => {
  const meanings = new Map<string, string[]>()
  for (const errno of Object.keys(constants.errno)) {
    const meaning = classifyErrno(errno)
    meanings.set(meaning, [...(meanings.get(meaning) ?? []), errno])
  }
  expect(meanings.get('absent')).toEqual(['ENOENT'])
  expect(meanings.get('silent')?.toSorted()).toEqual(['EAGAIN', 'ETIMEDOUT'])
  expect(meanings.get('refused')?.toSorted()).toEqual(['ECONNREFUSED', 'ECONNRESET', 'ENOTSOCK', 'EPIPE', 'EPROTOTYPE'])
  expect(meanings.get('forbidden')).toEqual(
    expect.arrayContaining(['EACCES', 'EPERM', 'ENAMETOOLONG', 'EMFILE', 'EINVAL']),
  )
  expect(classifyErrno(undefined)).toBe('forbidden')
})
