import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Config } from '../config/config.ts'
import type { AgentEntry } from '../config/schema.ts'
import { Agents } from './agents.ts'
import { findProgram, installedVersion } from './find-program.ts'
import { agentNames, resolveAgent } from './resolve.ts'

const guide = { command: process.execPath, args: ['guide.js'] }

function configOf(agents: Record<string, Partial<AgentEntry>>): Config {
  const whole = Object.entries(agents).map(([name, entry]) => {
    const defaults = { args: [], env: {}, disabled: false, permissions: 'deny', source: '/c.json' } as const
    return [name, { ...defaults, ...entry }]
  })
  return { agents: Object.fromEntries(whole), mcpServers: {}, services: {}, imports: [] }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'hf-agents-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

type Case = readonly [string, Record<string, Partial<AgentEntry>>, Record<string, unknown>]

describe('what an agent name means', () => {
  test.each<Case>([
    ['guide', {}, { kind: 'runs', command: process.execPath }],
    ['mine', { mine: { command: 'mine', args: ['--acp'] } }, { kind: 'runs', command: 'mine', args: ['--acp'] }],
    ['gemini', { gemini: { driver: 'acp' } }, { kind: 'runs', command: 'gemini', args: ['--acp'] }],
    ['gemini', {}, { kind: 'cannot', why: expect.stringContaining('not configured') }],
    ['mine', { mine: { command: 'x', driver: 'tui' } }, { kind: 'cannot', why: expect.stringContaining('"tui"') }],
    ['mine', { mine: { command: 'x', disabled: true } }, { kind: 'cannot', why: expect.stringContaining('disabled') }],
    ['mine', { mine: {} }, { kind: 'cannot', why: expect.stringContaining('no command') }],
    ['other', {}, { kind: 'unknown' }],
    ['constructor', {}, { kind: 'unknown' }],
  ])('%s with %j', (name, agents, expected) => {
    expect(resolveAgent(name, configOf(agents), guide)).toMatchObject(expected)
  })

  test('the guide is first, each name is there once', () => {
    const names = agentNames(configOf({ zed: { command: 'z' }, codex: { command: 'c' } }))
    expect(names[0]).toBe('guide')
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('zed')
  })
})

describe('programs', () => {
  test('are found on PATH when they can be run, and tell their version without being run', async () => {
    const root = folder()
    const place = join(root, 'node_modules/some-agent')
    mkdirSync(join(place, 'bin'), { recursive: true })
    mkdirSync(join(root, 'bin'))
    writeFileSync(join(place, 'package.json'), '{"name":"some-agent","version":"1.2.3"}')
    writeFileSync(join(place, 'bin/agent.js'), '')
    symlinkSync(join(place, 'bin/agent.js'), join(root, 'bin/agent'))
    const where = { path: `relative:/nowhere:${join(root, 'bin')}`, cwd: root }
    expect(await findProgram('agent', where)).toBeNull()
    chmodSync(join(place, 'bin/agent.js'), 0o755)
    const found = await findProgram('agent', where)
    expect(found).toBe(join(root, 'bin/agent'))
    expect(await installedVersion(found!)).toBe('1.2.3')
    expect(await findProgram('./bin/agent', where)).toBe(join(root, 'bin/agent'))
    expect(await findProgram('bin', { path: root, cwd: root })).toBeNull()
  })
})

describe('the agents of a project', () => {
  const agents = new Agents({
    loadConfig: () => Promise.resolve({ config: configOf({ mine: { command: '/no/such' } }), files: [], problems: [] }),
    variables: { PATH: '/nowhere' },
    childEnvironment: () => ({ PATH: '/nowhere' }),
    guide,
    version: '9.9.9',
  })

  test('are listed with why they cannot run', async () => {
    const listed = await agents.list('/p')
    expect(listed[0]).toMatchObject({ name: 'guide', ready: true, version: '9.9.9', why: null })
    const why = (name: string): string | null | undefined => listed.find((each) => each.name === name)?.why
    expect(why('mine')).toContain('/no/such')
    expect(why('codex')).toMatch(/not configured.*codex-acp/)
  })

  test('an unknown one is refused with what was meant, one without its program with that', async () => {
    await expect(agents.check('/p', 'giude')).rejects.toThrow('did you mean "guide"?')
    await expect(agents.check('/p', 'mine')).rejects.toMatchObject({ code: 'agent-not-ready' })
    await expect(agents.check('/p', 'guide')).resolves.toBeUndefined()
    expect(await agents.launch({ project: '/p', agent: 'mine', child: 'c' })).toMatchObject({ kind: 'refused' })
  })
})
