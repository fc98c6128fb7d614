import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createConfigLoader } from './load-config.ts'

let folder: string
let user: string
let project: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-config-'))
  user = join(folder, 'config')
  project = join(folder, 'project')
  mkdirSync(user)
  mkdirSync(project)
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const agent = (command: string): string => JSON.stringify({ agents: { writer: { command } } })

it('has nothing where there are no files, and says where it looked', async () => {
  expect(await createConfigLoader(user).load(project)).toEqual({
    config: { agents: {}, mcpServers: {}, services: {}, imports: [] },
    files: [
      { path: join(user, 'config.json'), exists: false },
      { path: join(project, 'holdfast.json'), exists: false },
    ],
    problems: [],
  })
})

it('takes the project before the user, entry by entry, and knows the source of each', async () => {
  writeFileSync(
    join(user, 'config.jsonc'),
    '{"agents": {"writer": {"command": "u", "args": ["x"]}, "other": {"command": "o"}}}',
  )
  writeFileSync(join(project, 'holdfast.json'), agent('p'))
  const { config } = await createConfigLoader(user).load(project)
  expect(config.agents['writer']).toMatchObject({ command: 'p', args: [], source: join(project, 'holdfast.json') })
  expect(config.agents['other']).toMatchObject({ command: 'o', source: join(user, 'config.jsonc') })
})

it('sees an edit by its bytes, also when the modification time is the same', async () => {
  const file = join(project, 'holdfast.json')
  const loader = createConfigLoader(user)
  writeFileSync(file, agent('one'))
  const { atime, mtime } = statSync(file)
  const first = await loader.load(project)
  const same = await loader.load(project)
  writeFileSync(file, agent('two'))
  utimesSync(file, atime, mtime)
  const second = await loader.load(project)
  expect(first.config.agents['writer']?.command).toBe('one')
  expect(same.config.agents['writer']?.args).toBe(first.config.agents['writer']?.args)
  expect(second.config.agents['writer']?.command).toBe('two')
})

it('names what is in the way: two files, a folder, too many bytes', async () => {
  writeFileSync(join(user, 'config.json'), agent('a'))
  writeFileSync(join(user, 'config.jsonc'), agent('b'))
  mkdirSync(join(project, 'holdfast.json'))
  const { config, problems } = await createConfigLoader(user).load(project)
  expect(config.agents['writer']?.command).toBe('a')
  expect(problems.map(({ file, message }) => `${file} ${message}`)).toEqual([
    expect.stringContaining('config.jsonc is not used'),
    expect.stringContaining('holdfast.json cannot be read: EISDIR'),
  ])
  rmSync(join(project, 'holdfast.json'), { recursive: true })
  writeFileSync(join(project, 'holdfast.json'), `"${'x'.repeat(2_000_000)}"`)
  const { problems: large } = await createConfigLoader(user).load(project)
  expect(large.at(-1)?.message).toContain('at most 1048576')
})

it('I17 waits for no FIFO and reads no device in the place of a file', async () => {
  spawnSync('mkfifo', [join(user, 'config.json')])
  symlinkSync('/dev/zero', join(project, 'holdfast.json'))
  const { problems } = await createConfigLoader(user).load(project)
  expect(problems.map(({ message }) => message)).toEqual(['is no file', 'is no file'])
})
