// `holdfast down`: drains the daemon; with --all its children and the keeper end as well. A daemon that does not answer is ended
// only by --force, and only once its identity is proved.
import { observe, placeOf, processIdentity, signalProcess, type Identity } from '@holdfast/lifecycle'
import type { Context, Run } from '../command.ts'
import { connectRunning, daemonPlace, ensureRunning, foldersOf, greetingFrom } from '../daemon-link.ts'
import { CliError } from '../errors.ts'
import { drain, untilGone, type Survivor } from '../leave.ts'
import { keeperOf } from '../status-from-outside.ts'

const drainMs = 10_000
const probeMs = 1000
const killMs = 5000

interface Done {
  readonly stopped: boolean
  readonly pid: number | null
  readonly how: 'drained' | 'killed' | 'not running'
  readonly survivors: readonly Survivor[]
}

export const run: Run = async (context) => {
  const { out, options } = context
  const done = await stop(context)
  out.result(done, () => render(done, options.has('all')))
  if (done.survivors.length === 0) return 0
  const list = done.survivors.map(({ pid, command }) => `${pid} ${command}`).join('; ')
  out.warn(`could not be ended: ${list}`)
  return 1
}

async function stop(context: Context): Promise<Done> {
  const { scope, env, directory, options } = context
  const place = daemonPlace(scope, env)
  const withChildren = options.has('all')
  if (options.has('force')) {
    const killed = await kill(context)
    if (!withChildren) return killed ?? notRunning
  }
  const running = await connectRunning(place, directory)
  if (running !== null) return drainIt(running, context)
  const observed = await observe(place, greetingFrom(directory), { probeMs })
  if (observed.state !== 'absent') throw unanswered(observed.record?.identity ?? null, scope)
  if (!withChildren || keeperOf(placeOf(foldersOf(scope, env), 'keeper')) === null) return notRunning
  // Only a daemon knows how to end what the keeper holds.
  return drainIt(await ensureRunning({ ...context, notice: () => undefined }), context)
}

const notRunning: Done = { stopped: false, pid: null, how: 'not running', survivors: [] }

async function drainIt(running: Parameters<typeof drain>[0], { scope, env, options }: Context): Promise<Done> {
  const children = options.has('all')
  const said = await drain(running, { reason: 'down', children, deadlineMs: drainMs })
  // A daemon whose time was over had no word for what it left.
  const keeper = children && said.length === 0 ? keeperOf(placeOf(foldersOf(scope, env), 'keeper')) : null
  const survivors = keeper === null ? said : [{ pid: keeper.pid, command: 'the keeper, with what it holds' }]
  return { stopped: true, pid: running.welcome.pid, how: 'drained', survivors }
}

/** Ends the daemon without draining; null when there is none. */
async function kill({ scope, env, directory }: Context): Promise<Done | null> {
  const observed = await observe(daemonPlace(scope, env), greetingFrom(directory), { probeMs })
  if (observed.state === 'absent') return null
  const said = observed.welcome === null ? null : processIdentity(observed.welcome.pid)
  const identity = said === 'unknown' || said === null ? (observed.label?.identity ?? observed.record?.identity) : said
  if (identity === undefined) throw unanswered(null, scope)
  const sent = signalProcess(identity, 'SIGKILL')
  if (sent === 'refused') throw unanswered(identity, scope)
  if (!(await untilGone(identity, killMs))) throw unanswered(identity, scope)
  return { stopped: true, pid: identity.pid, how: 'killed', survivors: [] }
}

function unanswered(identity: Identity | null, scope: string): CliError {
  const who = identity === null ? 'the daemon' : `daemon ${identity.pid}`
  return new CliError('daemon-hung', `${who} of scope "${scope}" does not answer`)
}

function render({ stopped, pid, how }: Done, withChildren: boolean): string {
  if (!stopped) return withChildren ? 'nothing was running' : 'no daemon was running'
  return `${how === 'killed' ? 'ended' : 'stopped'} daemon ${pid ?? ''}${withChildren ? ', its keeper and children' : ''}`
}
