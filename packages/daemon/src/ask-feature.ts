// Connects asks, sessions and agents to each other and to the daemon. They do not know each other; this file does.
import type { HeldChild } from '@holdfast/keeper'
import { selfIdentity, tailFile } from '@holdfast/lifecycle'
import { listAgents } from '@holdfast/protocol'
import { Agents } from './agents/agents.ts'
import type { Program } from './agents/resolve.ts'
import { Ids } from './asks/ask-id.ts'
import { Asks } from './asks/asks.ts'
import type { Feature } from './feature.ts'
import type { Parts } from './parts.ts'
import { defaultSessionLimits, type SessionLimits } from './sessions/ports.ts'
import { Sessions } from './sessions/sessions.ts'
import { shortLived } from './short-lived.ts'

export interface AskFeatureOptions {
  /** How the built-in agent is started. */
  readonly guide: Program
  readonly limits?: Partial<SessionLimits>
  readonly historyLimit?: number
}

const featureLabel = 'asks'
const quotedBytes = 2000
const quotedLines = 5
/** Many asks at once share one look at the files that they depend on. */
const lookMs = 50

/** The last words of a log, on one line. */
function lastLines(file: string): string {
  const lines = tailFile(file, quotedBytes).split('\n')
  return lines
    .filter((line) => line.trim() !== '')
    .slice(-quotedLines)
    .join(' | ')
}

export function createAskFeature(parts: Parts, options: AskFeatureOptions): Feature {
  const { store, keeper, clock, log, version, failpoint } = parts
  const agents = new Agents({ ...parts, guide: options.guide })
  const projectOf = shortLived(clock, lookMs, (directory: string) => parts.resolveProject(directory))
  const checkAgent = shortLived(clock, lookMs, (project: string, agent: string) => agents.check(project, agent))
  const { bootId } = selfIdentity()
  const boot = { bootId, sinceBootMs: () => Number(process.hrtime.bigint() / 1_000_000n) }
  const sessionIds = new Ids('s', { wallMs: () => clock.wallMs(), random: Math.random })

  const asks = new Asks({
    store,
    clock,
    boot,
    agents: { check: checkAgent },
    sessions: () => sessions,
    projectOf,
    failpoint,
    random: Math.random,
    onTrouble: (error) => log.error('asks', { error: String(error) }),
    ...(options.historyLimit === undefined ? {} : { historyLimit: options.historyLimit }),
  })
  const sessions = new Sessions({
    store,
    keeper,
    clock,
    version,
    failpoint,
    asks: asks.book,
    limits: { ...defaultSessionLimits, ...options.limits },
    launch: (request) => agents.launch(request),
    logFile: (child) => parts.logFile(child),
    lastLines: (child) => Promise.resolve(lastLines(parts.logFile(child))),
    nextId: () => sessionIds.next(),
    onTrouble: (session, error) => log.error('session', { session, error: String(error) }),
  })

  return {
    name: featureLabel,
    attach(client) {
      asks.attach(client)
      client.peer.handle(listAgents, async ({ project }) => ({ agents: await agents.list(await projectOf(project)) }))
    },
    owns: (child: HeldChild) => child.label['feature'] === featureLabel,
    async recover(held) {
      await asks.load()
      await sessions.recover(held, keeper.current(), asks.book.sessions())
    },
    keeperLost: () => Promise.resolve(sessions.keeperLost()),
    isNeeded: () => asks.book.openCount > 0,
    async drain() {
      asks.drain()
      await sessions.hold()
      sessions.close()
    },
    describe(child) {
      const { feature, agent, name, project } = child.label
      if (feature !== featureLabel || agent === undefined) return null
      return { kind: 'agent', name: agent, project: project ?? null, serves: `session ${name ?? '?'}` }
    },
    counts: () => ({ ...asks.book.counts(), sessions: sessions.count }),
  }
}
