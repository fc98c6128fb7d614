// From the words of a command line to a command, its arguments and checked flags; or an error that says what was meant.
import type { Argument, Command, Flag, ValueKind } from './command.ts'
import { Options } from './command.ts'
import { durationShape, parseDuration } from './duration.ts'
import { CliError } from './errors.ts'
import { didYouMean } from './suggest.ts'

const { parseArgs } = process.getBuiltinModule('node:util')

export interface Table {
  readonly commands: readonly Command[]
  readonly globals: readonly Flag[]
}

export type Parsed =
  | { readonly kind: 'run'; readonly command: Command; readonly words: readonly string[]; readonly options: Options }
  | {
      readonly kind: 'help'
      readonly command: Command | null
      readonly group: string | null
      readonly options: Options
    }
  | { readonly kind: 'version'; readonly options: Options }

/** Whether `--json` is there, for an error that comes before anything could be parsed. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end < 0 ? undefined : end).includes('--json')
}

export function parse(argv: readonly string[], table: Table): Parsed {
  const found = findCommand(argv, table)
  const { command } = found
  const { words, options } = readFlags(found.rest, command, table)
  if (options.has('version')) return { kind: 'version', options }
  if (command === null) {
    if (found.group === null || options.has('help')) return { kind: 'help', command: null, group: found.group, options }
    const known = membersOf(found.group, table)
    throw new CliError(
      'missing-argument',
      `"${found.group}" needs one of: ${known.join(', ')}`,
      `\`holdfast ${found.group} --help\` says what each does`,
    )
  }
  if (options.has('help')) return { kind: 'help', command, group: null, options }
  checkArguments(words, command)
  return { kind: 'run', command, words, options }
}

interface Found {
  readonly command: Command | null
  readonly group: string | null
  /** What is left without the words that name the command. */
  readonly rest: readonly string[]
}

/** The words of the command are the first that are no flags (nor values of global flags). */
function findCommand(argv: readonly string[], { commands, globals }: Table): Found {
  const rest = [...argv]
  const take = (): string | null => {
    for (let at = 0; at < rest.length; at++) {
      const word = rest[at] ?? ''
      if (word === '--') return null
      if (!word.startsWith('-') || word === '-') return rest.splice(at, 1)[0] ?? null
      const flag = globals.find(({ name, short }) => word === `--${name}` || word === `-${short ?? ''}`)
      if (flag?.value !== undefined) at++
    }
    return null
  }
  const first = take()
  if (first === null) return { command: null, group: null, rest }
  const members = commands.filter(({ words }) => words[0] === first)
  const single = members.find(({ words }) => words.length === 1)
  if (single !== undefined) return { command: single, group: null, rest }
  if (members.length === 0) {
    const known = [...new Set(commands.map(({ words }) => words[0]))]
    throw new CliError('unknown-command', `there is no command "${first}"${didYouMean(first, known)}`)
  }
  const second = take()
  if (second === null) return { command: null, group: first, rest }
  const command = members.find(({ words }) => words[1] === second)
  if (command !== undefined) return { command, group: null, rest }
  const known = members.map(({ words }) => words[1] ?? '')
  const message = `"${first}" has no command "${second}"${didYouMean(second, known)}`
  throw new CliError('unknown-command', message, `one of: ${known.join(', ')}`)
}

function membersOf(group: string, { commands }: Table): string[] {
  return commands.filter(({ words }) => words[0] === group).map(({ words }) => words.slice(1).join(' '))
}

function readFlags(
  rest: readonly string[],
  command: Command | null,
  { globals }: Table,
): { words: string[]; options: Options } {
  const flags = [...globals, ...(command?.flags ?? [])]
  const config = Object.fromEntries(
    flags.map(({ name, short, value }) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  )
  const { tokens } = parseArgs({
    args: [...rest],
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const words: string[] = []
  const values = new Map<string, string | number | true>()
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const flag = flags.find(({ name }) => name === token.name)
    if (flag === undefined) throw unknownFlag(token.rawName, flags, command)
    if (values.has(flag.name) && flag.value !== undefined) {
      throw new CliError('bad-value', `${token.rawName} is given twice`, `give --${flag.name} once`)
    }
    values.set(flag.name, readValue(flag, token.rawName, token.value, token.inlineValue === true))
  }
  return { words, options: new Options(values) }
}

function unknownFlag(given: string, flags: readonly Flag[], command: Command | null): CliError {
  const name = command === null ? 'holdfast' : command.words.join(' ')
  const known = flags.map(({ name }) => `--${name}`)
  const hint = `\`holdfast ${command === null ? 'help' : `${name} --help`}\` lists the flags`
  return new CliError('unknown-flag', `"${name}" has no flag ${given}${didYouMean(given, known)}`, hint)
}

function readValue(flag: Flag, given: string, value: string | undefined, isInline: boolean): string | number | true {
  if (flag.value === undefined) {
    if (value === undefined) return true
    throw new CliError('bad-value', `${given} takes no value, but was given "${value}"`, `write ${given} alone`)
  }
  const { label, kind } = flag.value
  const isFlag = value !== undefined && !isInline && value.startsWith('-') && value.length > 1
  if (value === undefined || isFlag) {
    throw new CliError('bad-value', `${given} needs a value`, `write ${given} ${label}`)
  }
  return checkValue(kind, given, value)
}

const nameShape = 'a name has 1 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or digit'

/** What each kind of value becomes; null is refused with the shape that it should have. */
const readers: Readonly<Record<ValueKind, { shape: string; read: (text: string) => string | number | null }>> = {
  duration: { shape: durationShape, read: parseDuration },
  count: { shape: 'give a whole number from 0 on', read: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : null) },
  name: { shape: nameShape, read: (text) => (isName(text) ? text : null) },
  path: { shape: 'give a path', read: (text) => (text === '' ? null : text) },
  text: { shape: 'give a text', read: (text) => text },
}

function checkValue(kind: ValueKind, given: string, text: string): string | number {
  const { shape, read } = readers[kind]
  const value = text.includes('\0') ? null : read(text)
  if (value === null) throw new CliError('bad-value', `${given} was given "${shorten(text)}"`, shape)
  return value
}

/** What may become part of a path or key. */
export function isName(value: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value)
}

/** A name that was given as an argument; `what` is what it names. */
export function checkName(what: string, value: string): string {
  if (isName(value)) return value
  throw new CliError('bad-value', `"${shorten(value)}" is no ${what}`, nameShape)
}

function shorten(value: string): string {
  return value.length > 80 ? `${value.slice(0, 77)}...` : value
}

function checkArguments(words: readonly string[], command: Command): void {
  const name = command.words.join(' ')
  const usage = `holdfast ${name} ${command.arguments.map(shapeOf).join(' ')}`.trimEnd()
  const missing = command.arguments.filter(({ optional }) => optional !== true)[words.length]
  if (missing !== undefined && words.length < command.arguments.length) {
    throw new CliError('missing-argument', `"${name}" needs ${missing.label}: ${missing.says}`, usage)
  }
  const last = command.arguments.at(-1)
  const extra = last?.rest === true ? undefined : words[command.arguments.length]
  if (extra !== undefined) {
    throw new CliError('extra-argument', `"${name}" does not take "${shorten(extra)}"`, usage)
  }
  command.arguments.forEach(({ label, oneOf }, index) => {
    const word = words[index]
    if (oneOf === undefined || word === undefined || oneOf.includes(word)) return
    throw new CliError(
      'bad-value',
      `${label} was given "${shorten(word)}"${didYouMean(word, oneOf)}`,
      `one of: ${oneOf.join(', ')}`,
    )
  })
}

/** `AGENT`, `[PROMPT]`, `ID...`. */
export function shapeOf({ label, optional, rest }: Argument): string {
  const name = rest === true ? `${label}...` : label
  return optional === true ? `[${name}]` : name
}
