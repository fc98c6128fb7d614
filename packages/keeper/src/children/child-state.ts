// The life of one child as a table: what has happened decides what may be said and when. The exit is known once the process is
// gone and what it left behind was ended; it is announced once, last, when the output was read to the end or given up on.

export type ChildState =
  | 'running'
  /** Output closed a moment ago; most often the exit follows. */
  | 'closing'
  /** Runs on without output, and this was announced. */
  | 'closed'
  /** Exited; what it left behind is being ended while output may still come. */
  | 'sweeping-open'
  /** Exited, output read to the end; what it left behind is being ended. */
  | 'sweeping'
  /** Exited and swept, but somebody still holds its output open. */
  | 'lingering'
  | 'ended'

export type ChildEvent = 'output-closed' | 'closing-over' | 'exited' | 'swept' | 'linger-over'

export type ChildEffect =
  /** Wait a little for the exit, then raise `closing-over`. */
  | 'await-exit'
  | 'announce-closed'
  /** End what the child left behind, then raise `swept`. */
  | 'sweep'
  /** Raise `linger-over` once nothing has come for a while. */
  | 'await-output'
  | 'abandon-output'
  /** The process is gone and swept: whoever waits for that is told, whether its output was read or not. */
  | 'settle-exit'
  /** After the last byte. */
  | 'announce-exit'

export interface Transition {
  readonly state: ChildState
  readonly effects: readonly ChildEffect[]
}

const table: Record<ChildState, Partial<Record<ChildEvent, Transition>>> = {
  running: {
    'output-closed': { state: 'closing', effects: ['await-exit'] },
    exited: { state: 'sweeping-open', effects: ['sweep'] },
  },
  closing: {
    'closing-over': { state: 'closed', effects: ['announce-closed'] },
    exited: { state: 'sweeping', effects: ['sweep'] },
  },
  closed: {
    exited: { state: 'sweeping', effects: ['sweep'] },
  },
  'sweeping-open': {
    'output-closed': { state: 'sweeping', effects: [] },
    swept: { state: 'lingering', effects: ['settle-exit', 'await-output'] },
  },
  sweeping: {
    swept: { state: 'ended', effects: ['settle-exit', 'announce-exit'] },
  },
  lingering: {
    'output-closed': { state: 'ended', effects: ['announce-exit'] },
    'linger-over': { state: 'ended', effects: ['abandon-output', 'announce-exit'] },
  },
  ended: {},
}

/** What follows from `event`; an event that means nothing in `state` changes nothing. */
export function transition(state: ChildState, event: ChildEvent): Transition {
  return table[state][event] ?? { state, effects: [] }
}

/** Whether the process itself is known to be gone. */
export function hasExited(state: ChildState): boolean {
  return state === 'sweeping-open' || state === 'sweeping' || state === 'lingering' || state === 'ended'
}
