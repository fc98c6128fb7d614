// What asks need of the rest of the daemon; main.ts connects them.
export interface AskAgents {
  /** Rejects with a DaemonError when the project has no such agent, or it cannot run. */
  check(project: string, agent: string): Promise<void>
}

export interface AskSessions {
  /** The id of the session, made durable on first use. */
  ensure(project: string, agent: string, name: string): Promise<string>
  /** An ask waits in the session. */
  poke(session: string): void
  stop(session: string, ask: string, as: 'cancelled' | 'expired', reason: string): void
}

export interface AskTimer {
  cancel(): void
}

export interface AskClock {
  wallMs(): number
  setTimer(ms: number, fn: () => void): AskTimer
}
