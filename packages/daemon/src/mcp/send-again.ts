// Whether a request may be made a second time, and what happens to one that a daemon did not see begin. Pure.

/** Requests that change nothing in a server. A tool call is decided by the tool's own hints. */
const reading = new Set([
  'initialize',
  'ping',
  'tools/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
  'server/discover',
])

export type Repeatable = 'yes' | 'no' | 'ask-tool'

/** `hasActed`: it has shown progress or asked the host something, so it is known to have begun. */
export function repeatable(method: string, hasActed: boolean): Repeatable {
  if (hasActed) return 'no'
  if (reading.has(method)) return 'yes'
  return method === 'tools/call' ? 'ask-tool' : 'no'
}

export interface ToolHints {
  readonly readOnlyHint?: boolean | undefined
  readonly idempotentHint?: boolean | undefined
}

/** MCP's defaults are the careful ones: without a hint a tool writes, and not idempotently. */
export function isToolRepeatable(hints: ToolHints | undefined): boolean {
  return hints?.readOnlyHint === true || hints?.idempotentHint === true
}

/** What the keepers know of a request that a client still waits for. */
export interface Evidence {
  /** Its tag: open at a child that runs, open at one that has ended, or not open. */
  readonly tag: 'running' | 'ended' | 'none'
  /** Whether the keeper that could have taken it is the one of now. `never`: it was not sent before. */
  readonly holder: 'same' | 'other' | 'never'
  /** Its client was given up on before, and its tags with it. */
  readonly wasGivenUp: boolean
}

/** `wait`: the reply will come. `send`: nobody took it. `ended`: taken by a server that is gone. `unknowable`: it may have run. */
export type Resumption = 'wait' | 'send' | 'ended' | 'unknowable'

export function resume({ tag, holder, wasGivenUp }: Evidence): Resumption {
  if (tag === 'running') return 'wait'
  if (tag === 'ended') return 'ended'
  if (holder === 'never') return 'send'
  return holder === 'same' && !wasGivenUp ? 'send' : 'unknowable'
}
