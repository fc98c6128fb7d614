// What the commands around asks share: when an ask is over, and what that means for the exit code.
import type { Ask } from '@holdfast/protocol'

export function isFinal({ state }: Ask): boolean {
  return state !== 'queued' && state !== 'running'
}

/** 0 when every ask has its answer, 7 when one expired, else 1. */
export function exitCodeOf(asks: readonly Ask[]): number {
  if (asks.every(({ state }) => state === 'done')) return 0
  return asks.some(({ state }) => state === 'expired') ? 7 : 1
}

const endings: Readonly<Record<string, string>> = {
  failed: 'failed',
  expired: 'expired',
  cancelled: 'was cancelled',
  unknown: 'ended without it being known how',
}

/** One line on an ask that ended without an answer. */
export function failureOf({ id, agent, state, reason }: Ask): string {
  return `ask ${id} to ${agent} ${endings[state] ?? `is ${state}`}${reason === null ? '' : `: ${reason}`}`
}
