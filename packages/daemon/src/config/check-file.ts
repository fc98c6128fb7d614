// One file's text to the entries it configures and the problems it has. Pure. A wrong entry is left out and named; the others count.
import { type ConfigProblem, Name } from '@holdfast/protocol'
import * as v from 'valibot'
import { suggestion } from './did-you-mean.ts'
import { type ParsedText, parseText } from './parse-text.ts'
import {
  AgentEntry,
  ConfigFile,
  HttpServerEntry,
  ImportList,
  type SectionName,
  ServiceEntry,
  StdioServerEntry,
  sections,
} from './schema.ts'

export interface FileEntries {
  readonly agents: Readonly<Record<string, AgentEntry>>
  readonly mcpServers: Readonly<Record<string, StdioServerEntry | HttpServerEntry>>
  readonly services: Readonly<Record<string, ServiceEntry>>
  readonly imports: readonly v.InferOutput<typeof ImportList>[number][]
}

export interface CheckedFile {
  readonly entries: FileEntries
  readonly problems: readonly ConfigProblem[]
}

type Path = readonly (string | number)[]
const nothing: FileEntries = { agents: {}, mcpServers: {}, services: {}, imports: [] }
const jsonFix = 'Correct the file; comments and a comma after the last entry are allowed.'

export function checkFile(file: string, text: string): CheckedFile {
  const parsed = parseText(text)
  const problems: ConfigProblem[] = parsed.problems.map(({ line, path, message }) => {
    const fix = path === '' ? jsonFix : 'Remove one of the two.'
    return { file, line, path, message: path === '' ? message : `"${path}" ${message}`, fix }
  })
  if (parsed.value === undefined) return { entries: nothing, problems }
  const check = new Check(file, parsed, problems)
  const entries = check.whole(parsed.value)
  return { entries, problems: problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
}

class Check {
  readonly #file: string
  readonly #parsed: ParsedText
  readonly #problems: ConfigProblem[]

  constructor(file: string, parsed: ParsedText, problems: ConfigProblem[]) {
    this.#file = file
    this.#parsed = parsed
    this.#problems = problems
  }

  whole(value: unknown): FileEntries {
    if (!isObject(value)) {
      this.#add([], `must be an object, not ${shown(value)}`, 'Begin the file with { and end it with }.')
      return nothing
    }
    const known = Object.keys(ConfigFile.entries)
    for (const key of Object.keys(value)) if (!known.includes(key)) this.#unknown([key], key, known)
    const imports = v.safeParse(v.optional(ImportList, []), value['imports'])
    if (!imports.success) this.#issues(['imports'], imports.issues)
    return {
      agents: this.#section('agents', value['agents'], () => AgentEntry),
      mcpServers: this.#section('mcpServers', value['mcpServers'], serverSchema),
      services: this.#section('services', value['services'], () => ServiceEntry),
      imports: imports.success ? imports.output : [],
    }
  }

  #section<T>(name: SectionName, value: unknown, schemaOf: (entry: unknown) => v.GenericSchema<unknown, T>) {
    const found: Record<string, T> = {}
    if (value === undefined) return found
    if (!isObject(value)) {
      this.#add([name], `must be an object of named entries, not ${shown(value)}`, sections[name].description)
      return found
    }
    for (const [key, entry] of Object.entries(value)) {
      const named = v.safeParse(Name, key)
      if (!named.success)
        this.#add([name, key], 'has a name that is not allowed', `Rename it: ${named.issues[0].message}.`)
      const result = v.safeParse(schemaOf(entry), entry)
      if (!result.success) this.#issues([name, key], result.issues)
      else if (named.success) found[key] = result.output
    }
    return found
  }

  #issues(at: Path, issues: readonly v.BaseIssue<unknown>[]): void {
    for (const issue of issues) {
      const keys = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)))
      const path = [...at, ...keys]
      const key = String(keys.at(-1) ?? '')
      if (issue.type === 'strict_object' && issue.expected === 'never') {
        this.#unknown(path, key, knownKeys(issue))
      } else if (issue.type === 'strict_object' && issue.received === 'undefined') {
        this.#add(path, 'is missing', `Add "${key}".`)
      } else {
        const { said, fix } = explain(issue)
        this.#add(path, said, fix)
      }
    }
  }

  #unknown(path: Path, key: string, known: readonly string[]): void {
    this.#add(path, `is not known${suggestion(key, known)}`, `Known here: ${known.join(', ')}.`)
  }

  #add(path: Path, said: string, fix: string): void {
    const name = path.reduce<string>((all, key) => (typeof key === 'number' ? `${all}[${key}]` : join(all, key)), '')
    const message = name === '' ? `the file ${said}` : `"${name}" ${said}`
    this.#problems.push({ file: this.#file, line: this.#parsed.lineOf(path), path: name, message, fix })
  }
}

function join(all: string, key: string): string {
  return all === '' ? key : `${all}.${key}`
}

/** Which of the two kinds of MCP server is meant, so that the problems named are those of that kind. */
function serverSchema(entry: unknown): v.GenericSchema<unknown, StdioServerEntry | HttpServerEntry> {
  return isObject(entry) && 'url' in entry && !('command' in entry) ? HttpServerEntry : StdioServerEntry
}

function knownKeys(issue: v.BaseIssue<unknown>): string[] {
  const [container] = (issue.path ?? []).slice(-1)
  const holder = container !== undefined && 'input' in container ? container.input : undefined
  const all = [AgentEntry, StdioServerEntry, HttpServerEntry, ServiceEntry]
  // The kind of entry that shares most keys with what was written.
  const keys = isObject(holder) ? Object.keys(holder) : []
  const shared = (schema: (typeof all)[number]): number => keys.filter((key) => key in schema.entries).length
  const best = all.toSorted((a, b) => shared(b) - shared(a))[0] ?? AgentEntry
  return Object.keys(best.entries)
}

function explain(issue: v.BaseIssue<unknown>): { said: string; fix: string } {
  const value = shown(issue.input)
  if (issue.type === 'picklist') {
    const options = (issue.expected ?? '').replaceAll(/[()"]/g, '').split(' | ')
    const meant = typeof issue.input === 'string' ? suggestion(issue.input, options) : ''
    return { said: `cannot be ${value}${meant}`, fix: `One of: ${options.join(', ')}.` }
  }
  if (issue.kind === 'validation') return { said: `is ${value}: ${issue.message}`, fix: 'Correct the value.' }
  return { said: `must be ${article(issue.expected ?? 'something else')}, not ${value}`, fix: 'Correct the value.' }
}

function article(expected: string): string {
  const words: Readonly<Record<string, string>> = { Array: 'a list', Object: 'an object', boolean: 'true or false' }
  return words[expected] ?? `a ${expected}`
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
