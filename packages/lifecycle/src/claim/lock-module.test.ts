import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadPrebuilt, loadTryLock } from './lock-module.ts'

test('K1 the prebuilt binding is found by its name, and its lock is the lock of the package', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-lock-'))
  const [a, b] = [openSync(join(folder, 'x'), 'a+'), openSync(join(folder, 'x'), 'a+')]
  const direct = loadPrebuilt()
  expect(direct).not.toBe(null)
  const { tryLock } = await import('fs-native-extensions')
  expect([direct?.(a), direct?.(b), tryLock(b)]).toEqual([true, false, false])
  closeSync(a)
  expect([tryLock(b), (await loadTryLock())(b)]).toEqual([true, true])
  expect(() => direct?.(-1)).toThrow(/EBADF|bad file/i)
  closeSync(b)
  rmSync(folder, { recursive: true })
})
