// The life of an ask as a table: state x event -> next state, or null where the event means nothing (any more).
// Invariants: every final state is final; an ask is handed to an agent only from `queued`; nothing but proof that no frame
// was taken leads back to `queued`.
import type { AskState } from '@holdfast/protocol'

export const askEvents = ['start', 'requeue', 'finish', 'fail', 'cancel', 'expire', 'lose'] as const
export type AskEvent = (typeof askEvents)[number]

const nothing = {
  start: null,
  requeue: null,
  finish: null,
  fail: null,
  cancel: null,
  expire: null,
  lose: null,
} as const

export const askTransitions: Readonly<Record<AskState, Readonly<Record<AskEvent, AskState | null>>>> = {
  queued: { ...nothing, start: 'running', fail: 'failed', cancel: 'cancelled', expire: 'expired' },
  running: {
    start: null,
    requeue: 'queued',
    finish: 'done',
    fail: 'failed',
    cancel: 'cancelled',
    expire: 'expired',
    lose: 'unknown',
  },
  done: nothing,
  failed: nothing,
  cancelled: nothing,
  expired: nothing,
  unknown: nothing,
}

export function isFinal(state: AskState): boolean {
  return state !== 'queued' && state !== 'running'
}

/** The state that follows, or null when the event changes nothing. */
export function nextState(state: AskState, event: AskEvent): AskState | null {
  return askTransitions[state][event]
}
