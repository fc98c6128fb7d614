import { describe, expect, it } from 'vitest'
import type { Command, Flag } from './command.ts'
import { CliError } from './errors.ts'
import { parse, type Parsed } from './parse.ts'

const globals: readonly Flag[] = [
  { name: 'scope', value: { label: 'NAME', kind: 'name' }, says: 'which' },
  { name: 'json', says: 'json' },
  { name: 'help', short: 'h', says: 'help' },
  { name: 'version', says: 'version' },
]

function command(words: readonly [string, ...string[]], more: Partial<Command> = {}): Command {
  const load = async () => ({ run: async () => 0 })
  return { words, group: 'Asks', summary: 's', arguments: [], flags: [], examples: [], load, ...more }
}

const table = {
  globals,
  commands: [
    command(['ask'], {
      arguments: [
        { label: 'AGENT', says: 'who' },
        { label: 'PROMPT', says: 'what', optional: true },
      ],
      flags: [
        { name: 'deadline', value: { label: 'DURATION', kind: 'duration' }, says: 'when' },
        { name: 'stream', says: 'pieces' },
        { name: 'lines', short: 'n', value: { label: 'N', kind: 'count' }, says: 'how many' },
      ],
    }),
    command(['wait'], { arguments: [{ label: 'ID', says: 'which', rest: true }] }),
    command(['config', 'show']),
    command(['config', 'path']),
    command(['completion'], { arguments: [{ label: 'SHELL', says: 'which', oneOf: ['bash', 'zsh'] }] }),
  ],
}

function failure(argv: readonly string[]): CliError {
  try {
    parse(argv, table)
  } catch (error) {
    if (error instanceof CliError) return error
    throw error
  }
  throw new Error(`${argv.join(' ')} was accepted`)
}

function run(argv: readonly string[]): Extract<Parsed, { kind: 'run' }> {
  const parsed = parse(argv, table)
  if (parsed.kind !== 'run') throw new Error(parsed.kind)
  return parsed
}

describe('parse', () => {
  it('takes flags anywhere, of the command and of all', () => {
    const parsed = run(['--scope', 'a', 'ask', '--deadline=1m30s', 'guide', '--json', 'what is it', '-n5'])
    expect(parsed.command.words).toEqual(['ask'])
    expect(parsed.words).toEqual(['guide', 'what is it'])
    expect(parsed.options.text('scope')).toBe('a')
    expect(parsed.options.number('deadline')).toBe(90_000)
    expect(parsed.options.number('lines')).toBe(5)
    expect(parsed.options.has('json')).toBe(true)
  })

  it('does not take the value of a flag for the command', () => {
    expect(run(['--scope', 'wait', 'config', 'show']).command.words).toEqual(['config', 'show'])
  })

  it('keeps what follows -- as it is, also a prompt that looks like a flag', () => {
    expect(run(['ask', 'guide', '--', '--json']).words).toEqual(['guide', '--json'])
    expect(run(['ask', 'guide', '-']).words).toEqual(['guide', '-'])
  })

  it.each([
    [['asq'], 'unknown-command', 'did you mean "ask"?'],
    [['config', 'shwo'], 'unknown-command', 'did you mean "show"?'],
    [['config'], 'missing-argument', 'show, path'],
    [['ask', 'a', '--strem'], 'unknown-flag', 'did you mean "--stream"?'],
    [['ask', 'a', '-x'], 'unknown-flag', '-x'],
    [['ask', 'a', '--deadline', 'soon'], 'bad-value', '"soon"'],
    [['ask', 'a', '--deadline'], 'bad-value', 'needs a value'],
    [['ask', 'a', '--deadline', '--stream'], 'bad-value', 'needs a value'],
    [['ask', 'a', '--stream=yes'], 'bad-value', 'takes no value'],
    [['ask', 'a', '-n', '-1'], 'bad-value', 'needs a value'],
    [['ask', 'a', '-n', '1.5'], 'bad-value', '"1.5"'],
    [['ask', 'a', '-n', '1', '-n', '2'], 'bad-value', 'twice'],
    [['ask'], 'missing-argument', 'AGENT'],
    [['wait'], 'missing-argument', 'ID'],
    [['ask', 'a', 'b', 'c'], 'extra-argument', '"c"'],
    [['--scope', '../x', 'ask', 'a'], 'bad-value', '"../x"'],
    [['--scope', 'a\0b', 'ask', 'a'], 'bad-value', '--scope'],
    [['completion', 'bahs'], 'bad-value', 'did you mean "bash"?'],
    [['--nonsense'], 'unknown-flag', '--nonsense'],
  ])('refuses %j as %s', (argv, code, part) => {
    const error = failure(argv)
    expect(error.code).toBe(code)
    expect(error.message).toContain(part)
    expect(error.hint).not.toBe('')
  })

  it('asks for help or the version before it checks arguments', () => {
    expect(parse(['ask', '--help'], table).kind).toBe('help')
    expect(parse(['config', '-h'], table)).toMatchObject({ kind: 'help', group: 'config' })
    expect(parse([], table)).toMatchObject({ kind: 'help', command: null, group: null })
    expect(parse(['--version'], table).kind).toBe('version')
  })
})
