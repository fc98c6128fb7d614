// What the daemon costs: a request, ten thousand asks, and doing nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fdatasyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectDaemon, placeOf, resolveFolders, selfIdentity } from '@holdfast/lifecycle'
import { createAsk, daemonStatus, Peer } from '@holdfast/protocol'
import type { Holdfast } from '../../rig/holdfast.ts'
import { startEcho } from '../echo-process.ts'
import { withHoldfast } from '../home.ts'
import { inTurns } from '../measure.ts'
import { onOneCore } from '../one-core.ts'
import { asNumber, asRatio, type Figure, type Row } from '../row.ts'

const IDLE_MS = 10_000
const ASKS = 10_000
const BATCH = 500
const BYTES = 500

async function connect(holdfast: Holdfast): Promise<Peer> {
  await holdfast.up()
  const env = holdfast.environment()
  const folders = resolveFolders({ app: 'holdfast', scope: holdfast.scope, env, uid: process.getuid?.() ?? 0 })
  const greeting = { protocol: { min: 1, max: 1 }, version: '0.1.0', role: 'client', identity: selfIdentity() }
  const found = await connectDaemon(placeOf(folders, 'daemon'), greeting, { timeoutMs: 10_000 })
  if (found.kind !== 'connected') throw new Error(`the daemon is ${found.kind}`)
  return new Peer(found.socket)
}

/** The state of the daemon, and a line that is as long as the answer. */
function roundTrip(): Promise<Figure> {
  return withHoldfast(async (holdfast) => {
    const peer = await connect(holdfast)
    const result = await peer.request(daemonStatus, {})
    const payload = JSON.stringify({ jsonrpc: '2.0', id: 1, result })
    const echo = await startEcho(`${holdfast.home}/echo`)
    const compared = await inTurns(
      () => peer.request(daemonStatus, {}),
      () => echo.call(payload),
      { turns: 10, batch: 500, warmUp: 3 },
    )
    echo.close()
    peer.destroy()
    return asRatio(compared, 2.5)
  })
}

function manyAsks(): Promise<Figure> {
  return withHoldfast(async (holdfast) => {
    const peer = await connect(holdfast)
    const { project } = holdfast
    const began = performance.now()
    await Promise.all(
      Array.from({ length: ASKS }, (_, index) =>
        peer.request(createAsk, { agent: 'guide', project, prompt: `wait 1 h ${index}`, dedupeKey: `bench-${index}` }),
      ),
    )
    const seconds = (performance.now() - began) / 1000
    peer.destroy()
    const floor = ASKS / appendSeconds(`${holdfast.home}/appended`)
    return asNumber(ASKS / seconds, floor, { bound: 'at least', goal: 2000, unit: '/s' })
  })
}

/** As many lines, each batch of them synced once: the least that is durable. */
function appendSeconds(file: string): number {
  const fd = openSync(file, 'a')
  const batch = Buffer.from(`${'x'.repeat(BYTES)}\n`.repeat(BATCH))
  const began = performance.now()
  for (let done = 0; done < ASKS; done += BATCH) {
    writeSync(fd, batch)
    fdatasyncSync(fd)
  }
  closeSync(fd)
  return (performance.now() - began) / 1000
}

interface Use {
  readonly rssBytes: number
  /** On a core, of all its threads. */
  readonly cpuMs: number
}

function useOf(pid: number): Use {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  const cpuMs = threads.reduce((total, nanoseconds) => total + nanoseconds, 0) / 1e6
  return { rssBytes: Number(fields[21]) * 4096, cpuMs }
}

/** Two processes of Node that do nothing. */
async function emptyUse(): Promise<{ rssBytes: number }> {
  const program = "process.stdout.write('up'); setInterval(() => {}, 1e6)"
  const children = [0, 1].map(() => spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] }))
  await Promise.all(children.map((child) => once(child.stdout, 'data')))
  const uses = children.map(({ pid = 0 }) => useOf(pid))
  for (const child of children) child.kill()
  return { rssBytes: uses.reduce((total, { rssBytes }) => total + rssBytes, 0) }
}

/** A daemon and a keeper that hold one child and have nothing to do. */
async function idle(): Promise<{ rssBytes: number; share: number }> {
  return await withHoldfast(async (holdfast) => {
    await holdfast.run(['ask', 'guide', 'hello'])
    const pids = (['daemon', 'keeper'] as const).map((role) => {
      const pid = holdfast.record(role)?.identity.pid
      if (pid === undefined) throw new Error(`there is no ${role}`)
      return pid
    })
    await sleep(2000)
    const before = pids.map(useOf)
    await sleep(IDLE_MS)
    const after = pids.map(useOf)
    const sum = (uses: readonly Use[], key: keyof Use): number => uses.reduce((total, use) => total + use[key], 0)
    const cpuMs = sum(after, 'cpuMs') - sum(before, 'cpuMs')
    return { rssBytes: sum(after, 'rssBytes'), share: cpuMs / IDLE_MS }
  })
}

let measured: ReturnType<typeof idle> | null = null
const megabytes = (bytes: number): number => bytes / 1024 / 1024
const onceIdle = (): ReturnType<typeof idle> => (measured ??= idle())

export const daemonRows: readonly Row[] = [
  { name: 'a request to the daemon, against a bare echo, on one core', measure: () => onOneCore(roundTrip) },
  { name: '10,000 asks, accepted durably', measure: manyAsks },
  {
    name: 'idle daemon and keeper, memory',
    measure: async () => {
      const [used, floor] = [await onceIdle(), await emptyUse()]
      const bound = { bound: 'at most', goal: 120, unit: 'MiB' } as const
      return asNumber(megabytes(used.rssBytes), megabytes(floor.rssBytes), bound)
    },
  },
  {
    name: 'idle daemon and keeper, of one core',
    measure: async () => asNumber((await onceIdle()).share * 100, 0, { bound: 'at most', goal: 0.2, unit: '%' }),
  },
]
