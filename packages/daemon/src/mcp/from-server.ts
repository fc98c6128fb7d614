// Where a server's message goes: a reply to the downstream that its id names; progress to the one that its token names; a
// question or a log line to the one that it can be attributed to; news of changed lists to all who use the server.
import { noFailpoint } from '@holdfast/lifecycle'
import { errorFrame, RPC } from './errors.ts'
import { type Edit, member, splice, textOf, valueOf } from '@holdfast/protocol'
import type { DaemonFailpoint } from '../failpoints.ts'
import type { Child, Incoming } from './child.ts'
import type { Downstream } from './downstream.ts'
import { neededCapability } from './negotiate.ts'
import { OWN, routeOf } from './upstream-id.ts'

export interface ServerRoutes {
  readonly downstreams: ReadonlyMap<string, Downstream>
  /** A reply to a request of the daemon's own. */
  ownReply(child: Child, original: string, message: Incoming): void
  /** A list changed: what is remembered of the server is stale. */
  changed(child: Child, method: string): void
  sendFailed(child: Child, error: unknown): void
  readonly failpoint: DaemonFailpoint
}

export function fromServer(routes: ServerRoutes, child: Child, message: Incoming): void {
  const { kind } = message.envelope
  if (kind === 'response') reply(routes, child, message)
  else if (kind === 'request') question(routes, child, message)
  else news(routes, child, message)
}

function reply(routes: ServerRoutes, child: Child, message: Incoming): void {
  const route = message.envelope.id === null ? null : routeOf(message.envelope.id)
  if (route?.downstream === OWN) return routes.ownReply(child, route.original, message)
  const to = route === null ? undefined : routes.downstreams.get(route.downstream)
  if (route === null || to === undefined) return child.done(message.end)
  if (!to.isOpen) {
    to.held.push({ child, message })
    return
  }
  const call = to.removeCall(route.original)
  const { tag, idSpan } = { tag: `${route.downstream}|${route.original}`, idSpan: message.envelope.idSpan }
  const done = (): void => {
    child.settle(tag)
    child.done(message.end)
  }
  // Cancelled, or answered before: nobody waits for it.
  if (call === null || idSpan === null) return done()
  const pass = call.method === 'tools/call' ? routes.failpoint : noFailpoint
  pass('mcp.replied')
  noteSubscription(to, call.line, call.method, message.envelope.isError)
  to.deliver(splice(message.line, [{ span: idSpan, text: route.original }]), route.original, done)
  pass('mcp.delivered')
}

function noteSubscription(to: Downstream, line: Buffer, method: string, isError: boolean): void {
  if (isError || !method.startsWith('resources/')) return
  const uri = paramOf(line, 'uri')
  if (uri === null) return
  if (method === 'resources/subscribe') to.subscriptions.add(uri)
  else if (method === 'resources/unsubscribe') to.subscriptions.delete(uri)
}

function paramOf(line: Buffer, name: string): string | null {
  const params = member(line, { start: 0, end: line.length }, 'params')
  const span = params === null ? null : member(line, params, name)
  const value = span === null ? null : valueOf(line, span)
  return typeof value === 'string' ? value : null
}

/** The one whom a message without an address can only concern: who waits for this server, or else who alone uses it. */
function attributed(downstreams: Iterable<Downstream>, child: Child): Downstream | null {
  const users = [...downstreams].filter((each) => each.child === child && each.isOpen)
  const waiting = users.filter((each) => [...each.calls.values()].some((call) => call.child === child))
  const candidates = waiting.length > 0 ? waiting : users.filter((each) => each.hasSaidHello)
  return candidates.length === 1 ? (candidates[0] ?? null) : null
}

function question(routes: ServerRoutes, child: Child, message: Incoming): void {
  const { id, idSpan, method } = message.envelope
  if (id === null || idSpan === null || method === null) return child.done(message.end)
  const answer = (frame: Buffer): void => {
    child.send(null, frame).catch((error: unknown) => routes.sendFailed(child, error))
    child.done(message.end)
  }
  if (method === 'ping') return answer(Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":{}}`))
  const to = attributed(routes.downstreams.values(), child)
  const needs = neededCapability(method)
  if (to === null || (needs !== undefined && !Object.hasOwn(to.host.capabilities, needs))) {
    const why = to === null ? 'it cannot be told which client this is for' : `the client has no capability "${needs}"`
    return answer(errorFrame({ id, code: RPC.unknownMethod, message: `"${method}" is not possible here: ${why}` }))
  }
  for (const call of to.calls.values()) if (call.child === child) call.hasActed = true
  to.asked.set(id, child)
  const text = JSON.stringify(`${child.id}|${id}`)
  to.deliver(splice(message.line, [{ span: idSpan, text }]), null, () => child.done(message.end))
}

function news(routes: ServerRoutes, child: Child, message: Incoming): void {
  const { method } = message.envelope
  if (method === 'notifications/progress') return progress(routes, child, message)
  if (method === 'notifications/cancelled') return takenBack(routes, child, message)
  const users = [...routes.downstreams.values()].filter((each) => each.child === child && each.isOpen)
  if (method?.endsWith('/list_changed') === true) {
    routes.changed(child, method)
    return toAll(
      users.filter((each) => each.hasSaidHello),
      child,
      message,
    )
  }
  if (method === 'notifications/resources/updated') {
    const uri = paramOf(message.line, 'uri')
    return toAll(
      users.filter((each) => uri !== null && each.subscriptions.has(uri)),
      child,
      message,
    )
  }
  const to = attributed(routes.downstreams.values(), child)
  toAll(to === null ? [] : [to], child, message)
}

function toAll(targets: readonly Downstream[], child: Child, message: Incoming): void {
  let open = targets.length
  if (open === 0) return child.done(message.end)
  for (const to of targets) {
    to.deliver(message.line, null, () => {
      if (--open === 0) child.done(message.end)
    })
  }
}

function progress(routes: ServerRoutes, child: Child, message: Incoming): void {
  const { token } = message.envelope
  const route = token === null ? null : routeOf(textOf(message.line, token))
  const to = route === null ? undefined : routes.downstreams.get(route.downstream)
  if (token === null || route === null || to === undefined) return child.done(message.end)
  if (!to.isOpen) {
    to.held.push({ child, message })
    return
  }
  const call = [...to.calls.values()].find((each) => tokenOf(each) === route.original)
  if (call === undefined) return child.done(message.end)
  call.hasActed = true
  const edit: Edit = { span: token, text: route.original }
  to.deliver(splice(message.line, [edit]), null, () => child.done(message.end))
}

function tokenOf(call: {
  readonly line: Buffer
  readonly envelope: { readonly token: Incoming['envelope']['token'] }
}): string | null {
  return call.envelope.token === null ? null : textOf(call.line, call.envelope.token)
}

/** The server no longer wants an answer of the host. */
function takenBack(routes: ServerRoutes, child: Child, message: Incoming): void {
  const span = message.envelope.requestId
  const id = span === null ? null : textOf(message.line, span)
  const to = id === null ? undefined : [...routes.downstreams.values()].find((each) => each.asked.get(id) === child)
  if (span === null || id === null || to === undefined) return child.done(message.end)
  to.asked.delete(id)
  const text = JSON.stringify(`${child.id}|${id}`)
  to.deliver(splice(message.line, [{ span, text }]), null, () => child.done(message.end))
}
