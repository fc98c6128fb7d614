// Bad input to every command: the exit code of STYLE, a message that names the thing and the value, a fix, and no stack.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commands } from '../../packages/cli/src/command-table.ts'
import { Holdfast, type Ran } from '../rig/holdfast.ts'

function expectRefusal(ran: Ran, code: number, ...parts: readonly string[]): void {
  expect(ran, ran.stderr).toMatchObject({ code, stdout: '' })
  for (const part of parts) expect(ran.stderr).toContain(part)
  expect(ran.stderr).toMatch(/^holdfast: .+\n {2}fix: .+/m)
  expect(ran.stderr).not.toMatch(/\n\s+at .+\(/)
}

it('refuses a wrong flag, a value for a switch and a missing value, at every command', async () => {
  const holdfast = new Holdfast()
  for (const { words, flags } of commands) {
    const wrong = await holdfast.run([...words, '--nonsense'])
    expectRefusal(wrong, 2, '--nonsense', words.join(' '))
    for (const { name, value } of flags.slice(0, 2)) {
      const bad = value === undefined ? `--${name}=yes` : `--${name}`
      expectRefusal(await holdfast.run([...words, bad]), 2, `--${name}`)
    }
  }
  expect(holdfast.processes()).toEqual([])
})

it('refuses missing and extra arguments, at every command', async () => {
  const holdfast = new Holdfast()
  for (const { words, arguments: taken } of commands) {
    const needed = taken.filter(({ optional }) => optional !== true)
    if (needed.length > 0) expectRefusal(await holdfast.run(words), 2, needed[0]?.label ?? '')
    if (taken.at(-1)?.rest === true) continue
    const many = Array.from({ length: taken.length + 1 }, (_, index) => taken[index]?.oneOf?.[0] ?? `extra${index}`)
    expectRefusal(await holdfast.run([...words, ...many]), 2, `extra${taken.length}`)
  }
  expect(holdfast.processes()).toEqual([])
})

it('names what was probably meant', async () => {
  const holdfast = new Holdfast()
  expectRefusal(await holdfast.run(['staus']), 2, '"staus"', 'did you mean "status"?')
  expectRefusal(await holdfast.run(['ask', 'guide', 'x', '--strem']), 2, 'did you mean "--stream"?')
  expectRefusal(await holdfast.run(['ask', 'guid', 'x']), 3, '"guid"', 'did you mean "guide"?')
  expectRefusal(await holdfast.run(['--scope', '../up', 'status']), 2, '"../up"')
  expectRefusal(await holdfast.run(['status'], { env: { HOLDFAST_SCOPE: 'a/b' } }), 2, '"a/b"')
})

it('gives an error as one JSON document with --json', async () => {
  const holdfast = new Holdfast()
  const ran = await holdfast.run(['ask', 'nobody', 'x', '--json'])
  expect(ran.code).toBe(3)
  expect(JSON.parse(ran.stdout)).toMatchObject({ error: { kind: 'missing', exitCode: 3, code: 'agent-unknown' } })
  const usage = await holdfast.run(['ask', '--json', '--nonsense'])
  expect(usage.code).toBe(2)
  expect(JSON.parse(usage.stdout)).toMatchObject({ error: { kind: 'usage', code: 'unknown-flag' } })
})

it('says what is not there: asks, logs, projects', async () => {
  const holdfast = new Holdfast()
  for (const words of [['ask-status'], ['reply'], ['cancel'], ['wait']]) {
    expectRefusal(await holdfast.run([...words, 'a-nothing']), 3, 'a-nothing')
  }
  expectRefusal(await holdfast.run(['logs', 'nobody']), 3, '"nobody"')
  expectRefusal(await holdfast.run(['ask', 'guide', 'x', '--project', '/nowhere/at/all']), 3, '/nowhere/at/all')
})

it('takes a prompt of 1 MiB whole, from standard input', async () => {
  const holdfast = new Holdfast()
  const text = 'ä line with \u{1FAB8} and "quotes" $(x) ` '.repeat(40_000).slice(0, 1024 * 1024)
  const ran = await holdfast.run(['ask', 'guide', '-', '--json'], { input: `repeat after me: ${text}` })
  expect(ran.code, ran.stderr).toBe(0)
  const { reply } = JSON.parse(ran.stdout) as { reply: string }
  expect(reply === text).toBe(true)
})

it('refuses what is no text: binary, NUL, nothing', async () => {
  const holdfast = new Holdfast()
  const binary = Uint8Array.from({ length: 4096 }, (_, index) => index % 256)
  expectRefusal(await holdfast.run(['ask', 'guide', '-'], { input: binary }), 2, 'standard input', 'UTF-8')
  expectRefusal(await holdfast.run(['ask', 'guide'], { input: 'before\0after' }), 2, 'NUL')
  expectRefusal(await holdfast.run(['ask', 'guide', '-'], { input: '' }), 2, 'empty')
  expectRefusal(await holdfast.run(['ask', 'guide', '']), 2, 'empty')
  const huge = Buffer.alloc(9 * 1024 * 1024, 'x')
  expectRefusal(await holdfast.run(['ask', 'guide', '-'], { input: huge }), 2, '8 MiB')
  expect(holdfast.processes()).toEqual([])
})

it('tells each mistake of a config by file, line and fix, and uses the rest', async () => {
  const holdfast = new Holdfast()
  const path = holdfast.writeConfig('{\n  "agents": {\n    "writer": { "comand": "x" }\n  }\n}\n')
  const ran = await holdfast.run(['config', 'check'])
  expect(ran.code).toBe(1)
  expect(ran.stdout).toContain(`${path}:3`)
  expect(ran.stdout).toContain('comand')
  expect(ran.stdout).toContain('fix:')
  expect((await holdfast.run(['ask', 'guide', 'repeat after me: still here'])).stdout).toBe('still here\n')
  holdfast.writeConfig('{ "agents": [1, }')
  expect((await holdfast.run(['config', 'check'])).code).toBe(1)
  writeFileSync(path, Buffer.from([0, 255, 254, 1]))
  expect((await holdfast.run(['config', 'check'])).code).toBe(1)
})

it('refuses places that cannot be used, and says which and why', async () => {
  const holdfast = new Holdfast()
  const relative = await holdfast.run(['status'], { env: { HOLDFAST_HOME: 'not/absolute' } })
  expectRefusal(relative, 2, 'not/absolute')
  const file = join(holdfast.home, 'a-file')
  writeFileSync(file, '')
  expectRefusal(await holdfast.run(['up'], { env: { HOLDFAST_HOME: file } }), 4, file)
  const open = join(holdfast.home, 'open')
  mkdirSync(join(open, 'run'), { recursive: true, mode: 0o777 })
  expectRefusal(await holdfast.run(['up'], { env: { HOLDFAST_HOME: open } }), 4, join(open, 'run'))
})
