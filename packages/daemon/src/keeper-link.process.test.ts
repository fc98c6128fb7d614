// Daemons and keepers that die while a child works: what runs on, what is ended, and what is said of it.
import { daemonDrain, daemonProcesses, daemonStatus, createAsk, readEvents, waitAsk } from '@holdfast/protocol'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DaemonHome } from './testing/daemon-process.ts'

let home: DaemonHome

beforeEach(() => {
  home = new DaemonHome()
})

afterEach(async () => {
  try {
    // A daemon is needed to end the rest.
    home.start()
    await home.ask(daemonDrain, { reason: 'the test is over', children: true })
    const left = home.children()
    if (left.length > 0) throw new Error(`left behind: ${JSON.stringify(left)}`)
  } finally {
    await home.remove()
  }
})

interface Working {
  readonly ask: string
  readonly keeper: number
  readonly child: number
}

/** An ask that an agent works on, with a keeper of its own. */
async function work(): Promise<Working> {
  const project = join(home.home, 'p')
  mkdirSync(project)
  const prompt = 'take 30 seconds and then say hello'
  const { id } = await home.ask(createAsk, { agent: 'guide', project, prompt, dedupeKey: 'one' })
  for (;;) {
    const { processes } = await home.ask(daemonProcesses, {})
    const keeper = processes.find(({ kind }) => kind === 'keeper')?.pid
    const child = processes.find(({ kind }) => kind === 'agent')?.pid
    const { asks } = await home.ask(daemonStatus, {})
    if (keeper && child && asks.running === 1) return { ask: id, keeper, child }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const pids = () => home.children().map(({ pid }) => pid)

async function events(): Promise<string[]> {
  return (await home.ask(readEvents, {})).events.map(({ type }) => type)
}

it("I7 K37 a daemon's death ends no child, and its successor holds the same one", async () => {
  const daemon = home.start()
  const { keeper, child } = await work()
  daemon.kill('SIGKILL')
  await daemon.ended()
  expect(pids()).toContain(child)
  home.start()
  const { processes } = await home.ask(daemonProcesses, {})
  expect(processes.find(({ kind }) => kind === 'keeper')?.pid).toBe(keeper)
  expect(processes.find(({ kind }) => kind === 'agent')?.pid).toBe(child)
})

it("I7 a keeper's death leaves no child running unreported, and the ask says that its end is unknown", async () => {
  home.start()
  const { ask, keeper } = await work()
  process.kill(keeper, 'SIGKILL')
  const ended = await home.ask(waitAsk, { id: ask })
  expect(ended).toMatchObject({ state: 'unknown', reason: expect.any(String) })
  expect(pids()).toEqual([])
  expect(await events()).toContain('keeper.lost')
  expect(await home.ask(daemonStatus, {})).toMatchObject({ keeper: null, asks: { running: 0 } })
})

it('I8 the death of daemon and keeper together: the next daemon ends what is left and settles the ask', async () => {
  const daemon = home.start()
  const { ask, keeper } = await work()
  daemon.kill('SIGKILL')
  process.kill(keeper, 'SIGKILL')
  await daemon.ended()
  home.start()
  expect(await home.ask(waitAsk, { id: ask })).toMatchObject({ state: 'unknown' })
  expect(pids()).toEqual([])
})

it('I6 children of another home with a scope of the same name are left alone', async () => {
  home.start()
  const { child } = await work()
  const other = new DaemonHome()
  try {
    other.start()
    await other.ask(daemonDrain, { reason: 'test', children: true })
    expect(pids()).toContain(child)
  } finally {
    await other.remove()
  }
})
