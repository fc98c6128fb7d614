// Asks and sessions as one daemon would have them, over a disk and a keeper that outlive it.
import { noFailpoint } from '@holdfast/lifecycle'
import { ManualClock } from '@holdfast/lifecycle/testing'
import type { Client } from '../feature.ts'
import { Asks } from '../asks/asks.ts'
import { Ids } from '../asks/ask-id.ts'
import { defaultSessionLimits } from '../sessions/ports.ts'
import { Sessions } from '../sessions/sessions.ts'
import { Life } from './crash.ts'
import { connectTo, type MemoryKeeper } from './memory-keeper.ts'
import { memoryStore, type Disk } from './memory-store.ts'

export interface AskDaemon {
  readonly asks: Asks
  readonly sessions: Sessions
  readonly life: Life
  readonly clock: ManualClock
  readonly troubles: unknown[]
  create(
    prompt: string,
    more?: { agent?: string; session?: string; dedupeKey?: string; deadlineMs?: number },
  ): Promise<string>
}

let keys = 0

export const nobody = { id: 'c1', role: 'client', onClose: () => undefined } as unknown as Client

export interface AskDaemonOptions {
  readonly dieAt?: number
  /** Between two daemons of one machine the clock goes on. */
  readonly clock?: ManualClock
  /** The keeper is gone. */
  readonly isKeeperLost?: boolean
  readonly historyLimit?: number
  readonly keeperFailure?: string
}

export async function startAskDaemon(
  disk: Disk,
  keeper: MemoryKeeper,
  options: AskDaemonOptions = {},
): Promise<AskDaemon> {
  const life = new Life(options.dieAt ?? 0)
  const clock = options.clock ?? new ManualClock()
  const connection = connectTo(keeper, life.step)
  const { client } = connection
  life.onDeath(() => connection.cut())
  const store = memoryStore(disk, life.step)
  const troubles: unknown[] = []
  const onTrouble = (error: unknown): void => {
    if (!life.isDead) troubles.push(error)
  }
  const asks: Asks = new Asks({
    store,
    clock,
    boot: { bootId: 'b', sinceBootMs: () => clock.monotonicMs() },
    agents: { check: () => Promise.resolve() },
    projectOf: (directory) => Promise.resolve(directory),
    sessions: () => sessions,
    failpoint: noFailpoint,
    random: () => 0.5,
    onTrouble,
    ...(options.historyLimit === undefined ? {} : { historyLimit: options.historyLimit }),
  })
  const ids = new Ids('s', { wallMs: () => clock.wallMs() + disk.rev, random: () => 0.5 })
  const sessions = new Sessions({
    store,
    keeper: {
      use: () => {
        const { keeperFailure } = options
        return keeperFailure === undefined ? Promise.resolve(client) : Promise.reject(new Error(keeperFailure))
      },
      current: () => client,
    },
    asks: asks.book,
    clock,
    limits: defaultSessionLimits,
    version: '0',
    failpoint: noFailpoint,
    launch: async () => {
      await life.step('launch')
      return { kind: 'ready', permissions: 'deny', spec: { command: 'x', args: [], cwd: '/', env: {} } }
    },
    logFile: (child) => child,
    lastLines: () => Promise.resolve('its last line'),
    nextId: () => ids.next(),
    onTrouble: (_session, error) => onTrouble(error),
  })
  life.onDeath(() => sessions.close())
  const daemon: AskDaemon = {
    asks,
    sessions,
    life,
    clock,
    troubles,
    async create(prompt, { agent = 'echo', session = 'main', dedupeKey = `k${(keys += 1)}`, deadlineMs } = {}) {
      const request = {
        agent,
        session,
        project: '/p',
        prompt,
        dedupeKey,
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
      }
      return (await asks.create(request, nobody)).id
    },
  }
  const recover = (async () => {
    await asks.load()
    const held = options.isKeeperLost === true ? [] : await client.list()
    await sessions.recover(held, client, asks.book.sessions())
  })()
  await Promise.race([recover, life.dead])
  return daemon
}

/** The ask in its final state. */
export function finalOf(daemon: AskDaemon, id: string) {
  const signal = new AbortController().signal
  return daemon.asks.wait({ id }, signal)
}
