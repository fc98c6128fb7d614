// What sessions need of the rest of the daemon; main.ts connects them.
import type { ChildSpec } from '@holdfast/keeper'
import type { Op } from '../store/api.ts'
import type { AskChange } from './step.ts'

interface AskPlan {
  readonly ops: readonly Op[]
  /** Called once `ops` are durable. */
  apply(): void
}

/** The asks of sessions, as their queue. */
export interface AskQueue {
  /** The ids that wait in a session, the next one first. */
  waiting(session: string): readonly string[]
  prompt(ask: string): Promise<string>
  plan(changes: readonly AskChange[]): AskPlan
}

/** How the process of an agent is started. */
interface Launch {
  readonly spec: Omit<ChildSpec, 'id' | 'label' | 'logFile' | 'io'>
  readonly permissions: 'allow' | 'deny'
}

export interface LaunchRequest {
  readonly project: string
  readonly agent: string
  readonly child: string
}

export type LaunchResult = ({ readonly kind: 'ready' } & Launch) | { readonly kind: 'refused'; readonly reason: string }

export interface Timer {
  cancel(): void
}

export interface SessionClock {
  wallMs(): number
  setTimer(ms: number, fn: () => void): Timer
}

export interface SessionLimits {
  /** For an agent to answer `initialize` and to open its session. */
  readonly startMs: number
  /** For an agent to end a turn that was cancelled. */
  readonly stopMs: number
  /** Between asking a process to end and killing it. */
  readonly graceMs: number
  /** A line of an agent's that is longer is left out. */
  readonly lineBytes: number
}

export const defaultSessionLimits: SessionLimits = {
  startMs: 60_000,
  stopMs: 10_000,
  graceMs: 3000,
  lineBytes: 4 * 1024 * 1024,
}
