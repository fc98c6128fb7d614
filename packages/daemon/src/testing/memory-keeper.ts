// A keeper in memory for tests of recovery logic: it holds children that outlive the daemon, with their output by offset and the
// tags of what they were given, by the rules of packages/keeper/src/api.ts. A connection can die at any call.
import type { ChildExit, ChildSpec, HeldChild, InputResult, KeeperClient, OutputSink } from '@holdfast/keeper'
import type { Step } from './memory-store.ts'

/** A child of the keeper's: reads lines, writes lines, may exit. */
export interface Program {
  read(line: string): void
}

export interface ProgramPorts {
  write(line: string): void
  exit(code: number): void
  closeOutput(): void
}

interface Child {
  readonly spec: ChildSpec
  readonly program: Program
  readonly open: Set<string>
  output: Buffer
  acked: number
  exit: ChildExit | null
  isClosed: boolean
  sink: OutputSink | null
  frames: number
}

const gone = (): Error => Object.assign(new Error('the connection is gone'), { code: 'keeper-gone' })

export class MemoryKeeper {
  readonly children = new Map<string, Child>()
  /** Everything that was ever given to a child, by tag. */
  readonly given: { child: string; tag: string | null; text: string }[] = []
  readonly spawned: string[] = []
  readonly #start: (spec: ChildSpec, ports: ProgramPorts) => Program

  constructor(start: (spec: ChildSpec, ports: ProgramPorts) => Program) {
    this.#start = start
  }

  spawn(spec: ChildSpec): Child {
    const found = this.children.get(spec.id)
    if (found !== undefined) return found
    this.spawned.push(spec.id)
    const program = this.#start(spec, {
      write: (line) => this.#write(child, Buffer.from(line)),
      exit: (code) => this.exit(spec.id, code),
      closeOutput: () => {
        child.isClosed = true
        child.sink?.end(null)
      },
    })
    const fresh = { acked: 0, exit: null, isClosed: false, sink: null, frames: 0 }
    const child: Child = { spec, program, open: new Set(), output: Buffer.alloc(0), ...fresh }
    this.children.set(spec.id, child)
    return child
  }

  exit(id: string, code: number | null): ChildExit {
    const child = this.children.get(id)
    const exit = child?.exit ?? { code, signal: code === null ? 'SIGKILL' : null, at: '', survivors: [] }
    if (child !== undefined && child.exit === null) {
      child.exit = exit
      child.sink?.end(exit)
    }
    return exit
  }

  input(id: string, tag: string | null, text: string): InputResult {
    const child = this.children.get(id)
    if (child === undefined || child.exit !== null) return 'gone'
    if (tag !== null && child.open.has(tag)) return 'already'
    if (tag !== null) child.open.add(tag)
    child.frames += 1
    this.given.push({ child: id, tag, text })
    child.program.read(text)
    return 'taken'
  }

  describe(child: Child): HeldChild {
    const { id, label } = child.spec
    const offsets = { ackedOffset: child.acked, endOffset: child.output.length, lastFrame: child.frames }
    return { id, label, pid: 1, startTicks: 1, startedAt: '', ...offsets, openTags: [...child.open], exit: child.exit }
  }

  #write(child: Child, bytes: Buffer): void {
    const offset = child.output.length
    child.output = Buffer.concat([child.output, bytes])
    child.sink?.data(offset, bytes)
  }
}

export interface Connection {
  readonly client: KeeperClient
  /** As if the daemon had died: nothing comes through in either direction any more. */
  cut(): void
}

export function connectTo(keeper: MemoryKeeper, step: Step = () => Promise.resolve()): Connection {
  const closed = Promise.withResolvers<void>()
  const sinks: OutputSink[] = []
  let isCut = false
  const call = async <T>(where: string, act: () => T): Promise<T> => {
    await step(`before ${where}`)
    if (isCut) throw gone()
    const result = act()
    await step(`after ${where}`)
    if (isCut) throw gone()
    return result
  }
  const childOf = (id: string): Child => {
    const child = keeper.children.get(id)
    if (child === undefined) throw Object.assign(new Error(`no child ${id}`), { code: 'unknown-child' })
    return child
  }
  const client: KeeperClient = {
    pid: 1,
    instance: 'k',
    version: '0',
    closed: closed.promise,
    spawn: (spec) => call('spawn', () => keeper.describe(keeper.spawn(spec))),
    list: () => call('list', () => [...keeper.children.values()].map((child) => keeper.describe(child))),
    input: (child, tag, bytes) => call('input', () => keeper.input(child, tag, Buffer.from(bytes).toString('utf8'))),
    settle: (child, tags) => {
      if (!isCut) for (const tag of tags) keeper.children.get(child)?.open.delete(tag)
    },
    attach: (id, fromOffset, sink) =>
      call('attach', () => {
        const child = childOf(id)
        const own: OutputSink = {
          data: (offset, bytes) => !isCut && sink.data(offset, bytes),
          end: (exit) => !isCut && sink.end(exit),
        }
        if (fromOffset < child.acked) throw new Error(`offset ${fromOffset} was freed up to ${child.acked}`)
        sinks.push(own)
        child.sink = own
        const rest = child.output.subarray(fromOffset)
        if (rest.length > 0) own.data(fromOffset, rest)
        if (child.isClosed && child.exit === null) own.end(null)
        if (child.exit !== null) own.end(child.exit)
      }),
    ack: (id, offset) => {
      const child = keeper.children.get(id)
      if (!isCut && child !== undefined) child.acked = Math.max(child.acked, offset)
    },
    resize: () => undefined,
    closeInput: () => undefined,
    terminate: (id) => call('terminate', () => keeper.exit(id, null)),
    forget: (id) => call('forget', () => void keeper.children.delete(id)),
    shutdown: () => Promise.resolve({ survivors: [] }),
    close: () => undefined,
  }
  return {
    client,
    cut() {
      isCut = true
      closed.resolve()
    },
  }
}
