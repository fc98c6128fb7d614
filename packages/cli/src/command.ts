// What a command is: its row in the table, and what it is given when it runs.
import type { CliEnvironment } from './config/env.ts'
import type { DaemonLink, LinkOptions } from './daemon-link.ts'
import type { Output } from './output.ts'

export type ValueKind = 'text' | 'duration' | 'count' | 'name' | 'path'

export interface Flag {
  readonly name: string
  readonly short?: string
  /** Absent: a switch. `label` is shown in help (`DURATION`), `kind` is checked before the command runs. */
  readonly value?: { readonly label: string; readonly kind: ValueKind }
  readonly says: string
}

export interface Argument {
  /** As help shows it: `AGENT`. */
  readonly label: string
  readonly says: string
  readonly optional?: boolean
  /** Takes all that follow. Only the last argument may. */
  readonly rest?: boolean
  /** The only values it can take. */
  readonly oneOf?: readonly string[]
}

interface Example {
  /** The whole command line. */
  readonly line: string
  readonly says: string
}

export interface Command {
  /** The words that name it: `['mcp', 'call']`. */
  readonly words: readonly [string, ...string[]]
  readonly group: 'The daemon' | 'Asks' | 'MCP' | 'Looking closer'
  readonly summary: string
  /** More than the summary, in full sentences. */
  readonly about?: string
  readonly arguments: readonly Argument[]
  readonly flags: readonly Flag[]
  readonly examples: readonly Example[]
  /** Loaded only when it runs. */
  readonly load: () => Promise<{ readonly run: Run }>
}

/** Gives the exit code; nothing is 0. */
export type Run = (context: Context) => Promise<number | void>

export interface Globals {
  readonly scope: string
  /** Where the caller stands; the project is found from here. */
  readonly directory: string
  readonly timeoutMs: number | null
}

export interface Context extends Globals {
  /** The whole table, for help and completion. */
  readonly commands: readonly Command[]
  readonly words: readonly string[]
  readonly options: Options
  readonly out: Output
  readonly env: CliEnvironment
  /** Opened when it is asked for: most commands read nothing, and opening it takes milliseconds. */
  readonly stdin: () => NodeJS.ReadStream
  /** Aborted by Ctrl-C, TERM, HUP, a reader that left, the death of the process that ran us, or --timeout. */
  readonly signal: AbortSignal
  /** The daemon; started when it is not there, unless `start` is false. */
  readonly link: (options?: LinkOptions) => Promise<DaemonLink>
}

/** The flags that were given, checked by their kind. */
export class Options {
  readonly #values: ReadonlyMap<string, string | number | true>

  constructor(values: ReadonlyMap<string, string | number | true>) {
    this.#values = values
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  text(name: string): string | null {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : null
  }

  /** Of a count, or milliseconds of a duration. */
  number(name: string): number | null {
    const value = this.#values.get(name)
    return typeof value === 'number' ? value : null
  }
}
