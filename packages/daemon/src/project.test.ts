import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { resolveProject } from './project.ts'

let root: string

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'hf-project-')))
  mkdirSync(join(root, 'repo/.git'), { recursive: true })
  mkdirSync(join(root, 'repo/sub/deep'), { recursive: true })
  mkdirSync(join(root, 'plain/below'), { recursive: true })
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

it('is the git root, also of a worktree whose .git is a file', async () => {
  expect(await resolveProject(join(root, 'repo/sub/deep'))).toBe(join(root, 'repo'))
  writeFileSync(join(root, 'repo/sub/.git'), 'gitdir: elsewhere\n')
  expect(await resolveProject(join(root, 'repo/sub/deep'))).toBe(join(root, 'repo/sub'))
})

it('is the nearest folder with a configuration, inside or around the repository', async () => {
  writeFileSync(join(root, 'holdfast.jsonc'), '{}')
  expect(await resolveProject(join(root, 'repo/sub'))).toBe(root)
  writeFileSync(join(root, 'repo/sub/holdfast.json'), '{}')
  expect(await resolveProject(join(root, 'repo/sub/deep'))).toBe(join(root, 'repo/sub'))
})

it('is the directory itself where nothing marks one, by whatever way it is reached', async () => {
  symlinkSync(join(root, 'plain/below'), join(root, 'link'))
  expect(await resolveProject(join(root, 'plain/below'))).toBe(join(root, 'plain/below'))
  expect(await resolveProject(join(root, 'link'))).toBe(join(root, 'plain/below'))
  expect(await resolveProject(`${root}/plain/../plain/below/`)).toBe(join(root, 'plain/below'))
})

it.each([
  ['relative/path', 'not an absolute path'],
  ['/no/such/folder', 'ENOENT'],
  ['/etc/passwd', 'not a folder'],
  ['/etc/passwd/x', 'ENOTDIR'],
  ['', 'not an absolute path'],
])('refuses %j with what is wrong about it', async (directory, said) => {
  await expect(resolveProject(directory)).rejects.toMatchObject({
    code: 'project-missing',
    message: expect.stringContaining(said),
  })
})
