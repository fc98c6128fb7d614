// What a daemon can ask for, and the answers.
import type { Log } from '@holdfast/lifecycle'
import * as v from 'valibot'
import type { HeldChildren } from '../children/held-children.ts'
import { KeeperError } from '../errors.ts'
import { type RequestName, type RequestResult, requests, type Schema } from '../wire/control.ts'
import type { Connection } from './connection.ts'
import type { Fence } from './fence.ts'
import type { Tidy } from './tidy.ts'

export interface KeeperState {
  readonly children: HeldChildren
  readonly fence: Fence<Connection>
  readonly self: RequestResult<'command'>
  readonly log: Log
  readonly tidy: Tidy
  /** Everything has ended: the keeper goes, once this answer is out. */
  leave(reason: string): void
}

interface Call {
  readonly state: KeeperState
  readonly connection: Connection
  readonly params: unknown
}

type Handlers = { readonly [N in RequestName]: (call: Call) => RequestResult<N> | Promise<RequestResult<N>> }

const handlers: Handlers = {
  command(call) {
    const { state, connection } = call
    const { epoch } = parse(requests.command.params, call)
    const verdict = state.fence.claim(connection, epoch)
    if (verdict.kind === 'fenced') {
      setImmediate(() => connection.close())
      const message = `a daemon of epoch ${verdict.epoch} commands the keeper; epoch ${epoch} is older`
      throw new KeeperError('fenced', message)
    }
    verdict.deposed?.depose(epoch)
    state.log.info('a daemon commands', { epoch })
    return state.self
  },
  async spawn(call) {
    const child = await call.state.children.spawn(parse(requests.spawn.params, call))
    return child.describe()
  },
  list: ({ state }) => [...state.children].map((child) => child.describe()),
  attach(call) {
    const { state, connection } = call
    const { child: id, fromOffset, stream } = parse(requests.attach.params, call)
    const child = state.children.get(id)
    const { ackedOffset, endOffset } = child.output
    if (fromOffset < ackedOffset || fromOffset > endOffset) {
      const message = `the output of child ${id} is held from ${ackedOffset} to ${endOffset}; ${fromOffset} is outside`
      throw new KeeperError('offset-gone', message)
    }
    // The answer goes first, then the output.
    setImmediate(() => {
      if (connection.commands) connection.outbox.attach(child, stream, Math.max(fromOffset, child.output.ackedOffset))
    })
    return {}
  },
  terminate(call) {
    const { child, graceMs } = parse(requests.terminate.params, call)
    return call.state.children.get(child).terminate(graceMs)
  },
  forget(call) {
    call.state.children.forget(parse(requests.forget.params, call).child)
    return {}
  },
  async shutdown(call) {
    const { state } = call
    const { graceMs } = parse(requests.shutdown.params, call)
    state.log.info('was asked to end everything', { children: state.children.count })
    const survivors = await state.children.endAll(graceMs)
    setImmediate(() => state.leave('shutdown'))
    return { survivors }
  },
}

/** Does the request of `connection`; rejects with what the answer should carry. */
export async function answerRequest(method: string, call: Call): Promise<unknown> {
  if (!isRequest(method)) throw new KeeperError('unknown-request', `the keeper knows no request "${method}"`)
  if (method !== 'command' && !call.connection.commands) {
    throw new KeeperError('fenced', `"${method}" was refused: this connection does not command the keeper`)
  }
  return handlers[method](call)
}

function parse<T>(schema: Schema<T>, { params }: Call): T {
  const parsed = v.safeParse(schema, params)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const where = v.getDotPath(issue)
  throw new KeeperError('bad-message', `bad request${where === null ? '' : ` at ${where}`}: ${issue.message}`)
}

function isRequest(method: string): method is RequestName {
  return Object.hasOwn(requests, method)
}
