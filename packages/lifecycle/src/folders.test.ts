import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isLifecycleError } from './errors.ts'
import { ensureFolder, ensureFolders, findUnsafeFolder, inspectFolder, resolveFolders } from './folders.ts'
import { placeOf } from './place.ts'

const uid = process.getuid?.() ?? 0
let base: string

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'hf-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

function folders(env: Record<string, string>, tmp?: string) {
  return resolveFolders({
    app: 'holdfast',
    scope: 'default',
    env,
    uid: 7,
    ...(tmp === undefined ? {} : { tmpdir: tmp }),
  })
}

/** The code of the error that `fn` throws. */
function codeOf(fn: () => unknown): string | null {
  try {
    fn()
    return null
  } catch (error) {
    return isLifecycleError(error) ? error.code : String(error)
  }
}

test('one variable puts everything under one folder', () => {
  const found = folders({ HOLDFAST_HOME: '/h/', XDG_STATE_HOME: '/ignored' })
  expect(found).toMatchObject({
    home: '/h',
    run: '/h/run/default',
    sockets: '/h/run/default',
    state: '/h/state/default',
  })
  expect(found).toMatchObject({ config: '/h/config', logs: '/h/state/default/logs' })
})

test('XDG decides otherwise; its relative paths are invalid and ignored', () => {
  const env = { HOME: '/u', XDG_RUNTIME_DIR: '/run/user/7', XDG_CONFIG_HOME: 'not/absolute' }
  expect(folders(env)).toMatchObject({ run: '/run/user/7/holdfast/default', state: '/u/.local/state/holdfast/default' })
  expect(folders(env).config).toBe('/u/.config/holdfast')
  expect(folders({ HOME: '/u' }).run).toBe('/tmp/holdfast-7/default')
})

test('names and homes that could leave their folder are refused', () => {
  const scope = (name: string) => () => resolveFolders({ app: 'holdfast', scope: name, env: { HOME: '/u' }, uid: 7 })
  for (const name of ['', '.', '..', 'a/b', '-x', 'x'.repeat(65), 'a\nb', '../up']) {
    expect([name, codeOf(scope(name))]).toEqual([name, 'name-invalid'])
  }
  expect(codeOf(() => folders({ HOLDFAST_HOME: 'relative' }))).toBe('folder-relative')
  expect(codeOf(() => placeOf(folders({ HOME: '/u' }), '../x'))).toBe('name-invalid')
})

test('K44 a HOME of 300 bytes gets its sockets in a short folder, within the limit of 90 bytes', () => {
  const found = folders({ HOLDFAST_HOME: `/${'long/'.repeat(60)}` })
  expect(found.run).toHaveLength(311 + 1)
  expect(found.sockets).toMatch(/^\/tmp\/holdfast-7\/[0-9a-f]{12}$/)
  const place = placeOf(found, 'keeper')
  expect(Buffer.byteLength(`${place.privateSocket(99_999_999)}.new`)).toBeLessThanOrEqual(90)
  expect(found.owned).toContain(found.sockets)
  expect(folders({ HOLDFAST_HOME: `/${'long/'.repeat(60)}x` }).sockets).not.toBe(found.sockets)
})

test('K44 where no short folder exists either, the error names the limit and the paths', () => {
  const tooLong = () => folders({ HOLDFAST_HOME: `/${'long/'.repeat(60)}` }, `/${'t'.repeat(80)}`)
  expect(tooLong).toThrow(/90 bytes/)
  expect(codeOf(tooLong)).toBe('socket-path-too-long')
})

test('K43 folders are made for their owner alone, whatever the umask', () => {
  const before = process.umask(0)
  try {
    const found = resolveFolders({ app: 'holdfast', scope: 's', env: { HOLDFAST_HOME: base }, uid })
    ensureFolders(found, uid)
    for (const path of found.owned) expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o700])
    expect(findUnsafeFolder(found, uid)).toBeNull()
  } finally {
    process.umask(before)
  }
})

test('K43 a folder that is open, linked, a file, or of another user is refused, and left as it is', () => {
  const path = join(base, 'x')
  mkdirSync(path, { mode: 0o700 })
  chmodSync(path, 0o750)
  expect(codeOf(() => ensureFolder(path, uid))).toBe('folder-open')
  expect(statSync(path).mode & 0o777).toBe(0o750)
  chmodSync(path, 0o700)
  expect(inspectFolder(path, uid)).toBe('ours')
  expect(inspectFolder(path, uid + 1)).toMatchObject({ code: 'folder-foreign' })
  symlinkSync(path, join(base, 'link'))
  expect(codeOf(() => ensureFolder(join(base, 'link'), uid))).toBe('folder-foreign')
  writeFileSync(join(base, 'file'), '')
  expect(codeOf(() => ensureFolder(join(base, 'file'), uid))).toBe('folder-foreign')
  expect(codeOf(() => ensureFolder(join(base, 'file', 'below'), uid))).toBe('folder-unwritable')
  expect(inspectFolder(join(base, 'none'), uid)).toBe('absent')
})

test.runIf(uid === 0)('K43 a folder that another user planted is refused', () => {
  const path = join(base, 'planted')
  mkdirSync(path, { mode: 0o700 })
  lchownSync(path, 4242, 4242)
  expect(codeOf(() => ensureFolder(path, uid))).toBe('folder-foreign')
})
