// Everything that is printed. Results go to standard output (text, or JSON and nothing else), progress and notices to
// standard error. A reader that leaves (`| head`) ends the command quietly.
import type { Problem } from './errors.ts'

export interface Sink {
  write(text: string, done?: () => void): boolean
  on(event: 'error', listener: (error: Error) => void): unknown
  once(event: 'drain', listener: () => void): unknown
}

export interface OutputOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly color: boolean
}

const styles = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const
type Style = keyof typeof styles
export type Paint = (style: Style, text: string) => string

export class Output {
  readonly json: boolean
  readonly paint: Paint
  readonly #quiet: boolean
  readonly #out: Sink
  readonly #err: Sink
  #closed = false
  readonly #onClosed: (() => void)[] = []

  constructor(options: OutputOptions, out: Sink, err: Sink) {
    this.json = options.json
    this.#quiet = options.quiet
    this.#out = out
    this.#err = err
    this.paint = (style, text) => (options.color && !options.json ? `\u001B[${styles[style]}m${text}\u001B[0m` : text)
    out.on('error', () => this.#close())
    err.on('error', () => {
      // Nobody reads the notices: the command goes on.
    })
  }

  /** Called when nobody reads the results any more. */
  onClosed(fn: () => void): void {
    if (this.#closed) fn()
    else this.#onClosed.push(fn)
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** The one result of a command. */
  result(value: unknown, text: () => string): void {
    if (this.json) this.#write(`${JSON.stringify(value, null, 2)}\n`)
    else {
      const shown = text()
      if (shown !== '') this.#write(shown.endsWith('\n') ? shown : `${shown}\n`)
    }
  }

  /** One of a stream of results: a JSON document a line, or a line of text. Resolves when the reader keeps up. */
  line(value: unknown, text: () => string): Promise<void> {
    return this.#flowing(this.json ? `${JSON.stringify(value)}\n` : `${text()}\n`)
  }

  /** Text as it comes (a streamed answer, a log). */
  raw(text: string): Promise<void> {
    return this.#flowing(text)
  }

  /** Progress and remarks. */
  notice(text: string): void {
    if (!this.#quiet) this.#err.write(`${text}\n`)
  }

  /** What went wrong although the command has a result; shown with --quiet too. */
  warn(text: string): void {
    this.#err.write(`holdfast: ${text}\n`)
  }

  problem(problem: Problem): void {
    const { stack, evidence } = problem
    if (this.json) this.#write(`${JSON.stringify({ error: { ...problem, stack: undefined } })}\n`)
    const lines = [`holdfast: ${problem.message}`]
    if (problem.hint !== undefined) lines.push(`  fix: ${problem.hint}`)
    if (evidence !== undefined)
      lines.push(
        '  the end of its log:',
        ...evidence
          .trimEnd()
          .split('\n')
          .map((line) => `    ${line}`),
      )
    if (stack !== undefined) lines.push(stack)
    this.#err.write(`${lines.join('\n')}\n`)
  }

  /** Resolves when all that was written has left this process, or nobody reads it. */
  flushed(): Promise<void> {
    const drained = (sink: Sink): Promise<void> => new Promise((resolve) => void sink.write('', () => resolve()))
    return Promise.all([this.#closed ? undefined : drained(this.#out), drained(this.#err)]).then(() => undefined)
  }

  #write(text: string): boolean {
    return this.#closed || this.#out.write(text)
  }

  #flowing(text: string): Promise<void> {
    if (this.#write(text)) return Promise.resolve()
    return new Promise((resolve) => {
      this.onClosed(resolve)
      this.#out.once('drain', resolve)
    })
  }

  #close(): void {
    this.#closed = true
    for (const fn of this.#onClosed.splice(0)) fn()
  }
}
