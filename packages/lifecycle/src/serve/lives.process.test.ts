// serveDaemon inside of this process: on real files and sockets, under a clock and a host of its own.
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listExits } from '../claim/exit-record.ts'
import { systemPorts } from '../claim/system-ports.ts'
import { connectDaemon } from '../activation/connect.ts'
import { resolveFolders } from '../folders.ts'
import { type Place, placeOf } from '../place.ts'
import { selfIdentity } from '../process/identity.ts'
import { type Host, thisProcess } from '../shutdown/host.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { AcceptedClient, ServeContext, ServeOptions, ServeResult, Service } from './options.ts'
import { serveDaemon } from './serve.ts'

let base: string
let place: Place

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'hf-'))
  const uid = process.getuid?.() ?? 0
  place = placeOf(resolveFolders({ app: 'holdfast', scope: 'default', env: { HOLDFAST_HOME: base }, uid }), 'daemon')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

interface Served {
  readonly context: ServeContext
  readonly accepted: AcceptedClient[]
  readonly result: Promise<ServeResult>
  readonly crash: (reason: string) => void
  readonly signal: () => void
}

const hello = { protocol: { min: 1, max: 1 }, version: '1', role: 'client', identity: null }

/** A host that leaves this process alone: a real watchdog would end the tests with it. */
const quietHost: Host = {
  ...thisProcess,
  prepare: () => undefined,
  onSignal: () => () => undefined,
  onCrash: () => () => undefined,
  watchdog: () => ({ armDrain: () => undefined, stop: () => undefined }),
}

/** Serves until it is ready. */
async function serve(options: Partial<ServeOptions> = {}, service: Partial<Service> = {}): Promise<Served> {
  const accepted: AcceptedClient[] = []
  let crash: (reason: string) => void = () => undefined
  let signal: (name: NodeJS.Signals) => void = () => undefined
  const host: Host = {
    ...quietHost,
    onSignal: (leave) => {
      signal = leave
      return () => undefined
    },
    onCrash: (record) => {
      crash = record
      return () => undefined
    },
  }
  let result: Promise<ServeResult> | null = null
  const context = await new Promise<ServeContext>((resolve, reject) => {
    const open = async (context: ServeContext): Promise<Service> => {
      resolve(context)
      const nothing = { isNeeded: () => false, drain: async () => undefined, close: async () => undefined }
      return { accept: (client) => void accepted.push(client), ...nothing, ...service }
    }
    result = serveDaemon({ place, version: '1', protocol: { min: 1, max: 1 }, host, open, ...options })
    result.catch(reject)
  })
  if (result === null) throw new Error('not served')
  return { context, accepted, result, crash: (reason) => crash(reason), signal: () => signal('SIGTERM') }
}

async function client(): Promise<Socket> {
  const seen = await connectDaemon(place, hello, { timeoutMs: 10_000 })
  if (seen.kind !== 'connected') throw new Error(seen.kind)
  return seen.socket
}

/** Lets virtual time pass until something has happened. */
async function runUntil(clock: ManualClock, event: Promise<unknown>): Promise<void> {
  const state = { isOver: false }
  void event.then(() => (state.isOver = true))
  while (!state.isOver) await clock.step()
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

test('K47 after 300 lives there are no more descriptors, sockets, files or exit records than after a few', async () => {
  const counts: number[][] = []
  for (let life = 0; life < 300; life += 1) {
    const { context, result } = await serve()
    const socket = await client()
    context.leave(`life ${life}`)
    expect(await result).toEqual({ kind: 'ended', reason: `life ${life}`, superseded: false })
    socket.destroy()
    const files = readdirSync(base, { recursive: true, encoding: 'utf8' })
    if (life % 100 === 80)
      counts.push([descriptors(), files.length, files.filter((name) => name.endsWith('.tmp')).length])
  }
  expect(counts[1]).toEqual(counts[0])
  expect(counts[2]).toEqual(counts[0])
  expect(readdirSync(place.run)).toEqual([])
}, 60_000)

test('K31 a client whose process is gone is dropped by the sweep, a living one is not', async () => {
  const clock = new ManualClock()
  const dead = { ...selfIdentity(), startTicks: 1 }
  const { context, result } = await serve({ clock, ports: systemPorts() })
  const phantom = await connectDaemon(place, { ...hello, identity: dead }, { timeoutMs: 10_000 })
  const living = await connectDaemon(place, { ...hello, identity: selfIdentity() }, { timeoutMs: 10_000 })
  if (phantom.kind !== 'connected' || living.kind !== 'connected') throw new Error('not connected')
  const closed = once(phantom.socket, 'close')
  phantom.socket.resume()
  await runUntil(clock, closed)
  expect(context.clients()).toBe(1)
  living.socket.destroy()
  context.leave('done')
  expect((await result).kind).toBe('ended')
})

test('K24 a client that was welcomed before the service was open is handed to it, with what it said since', async () => {
  let opened: () => void = () => undefined
  const gate = new Promise<void>((resolve) => (opened = resolve))
  const accepted: AcceptedClient[] = []
  const result = serveDaemon({
    place,
    version: '1',
    protocol: { min: 1, max: 1 },
    host: quietHost,
    open: async ({ leave }) => {
      const socket = await client()
      socket.write('first words')
      void gate.then(() => leave('done'))
      return {
        accept: (one) => {
          accepted.push(one)
          one.socket.on('data', (data: Buffer) => {
            expect(data.toString()).toBe('first words')
            opened()
          })
        },
        isNeeded: () => true,
        drain: async () => undefined,
        close: async () => undefined,
      }
    },
  })
  expect(await result).toMatchObject({ kind: 'ended', reason: 'done' })
  expect(accepted).toHaveLength(1)
})

test('the first reason to leave counts; a drain that fails, or a service that does not close, is noted and ends it', async () => {
  const bad = {
    drain: async () => Promise.reject(new Error('no drain')),
    close: () => new Promise<void>(() => undefined),
  }
  const { context, result, signal } = await serve({}, bad)
  context.leave('first', 100)
  context.leave('second')
  signal()
  expect(await result).toMatchObject({ reason: 'first' })
  const [exit] = await listExits(systemPorts().files, place, 1)
  expect(exit).toMatchObject({ kind: 'clean', reason: 'first; the drain failed: Error: no drain; closing was cut off' })
})

test('K33 last words win over what comes later', async () => {
  const { context, result, crash } = await serve()
  crash('uncaughtException: Error: dying')
  context.leave('too late')
  await result
  const exits = await listExits(systemPorts().files, place)
  expect(exits).toMatchObject([{ kind: 'crash', reason: 'uncaughtException: Error: dying' }])
})

test('K46 a run folder that cannot be written does not keep a drain from its end', async () => {
  const { context, result } = await serve()
  rmSync(place.run, { recursive: true })
  writeFileSync(place.run, 'in the way')
  context.leave('done')
  expect(await result).toMatchObject({ kind: 'ended', reason: 'done' })
  expect(await listExits(systemPorts().files, place)).toMatchObject([{ kind: 'clean' }])
})

test('K28 a client that connects in the very moment of the idle decision is either served or told to go on', async () => {
  for (let round = 0; round < 20; round += 1) {
    const clock = new ManualClock()
    const { result } = await serve({ clock, idleMs: 1000 })
    const looking = runUntil(clock, result)
    const seen = await connectDaemon(place, hello, { timeoutMs: 10_000 })
    expect(['connected', 'draining', 'absent', 'refused']).toContain(seen.kind)
    if (seen.kind === 'connected') seen.socket.destroy()
    expect(await result).toMatchObject({ reason: 'idle' })
    await looking
  }
})
