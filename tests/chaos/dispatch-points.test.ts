// A death at every numbered step of spawning and dispatching, through the built programs: of the daemon, and of its keeper.
// HOLDFAST_POINTS=all has the keeper die at the steps of its start as well; else only after the last of them.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { daemonSteps } from '../../packages/daemon/src/failpoints.ts'
import { keeperFailpointNames } from '../../packages/keeper/src/failpoints.ts'
import { counters, type Counters } from '../rig/counters.ts'
import { type Holdfast, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

const text = 'the whole answer, word by word'

interface Ask {
  readonly id: string
  readonly state: string
  readonly reply: string | null
  readonly reason: string | null
}

interface Reply {
  readonly content: readonly { readonly text: string }[]
}

interface Exit {
  readonly instance: string
  readonly epoch: number
}

/** Every instance before the one of now, or of all that were, has its one exit record. */
function expectExits(holdfast: Holdfast, role: 'daemon' | 'keeper', atLeast: number): void {
  const folder = holdfast.statePath('claim', `${role}.exits`)
  const exits = readdirSync(folder).map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Exit)
  const now = holdfast.record(role)
  const epochs = exits.map(({ epoch }) => epoch).toSorted((a, b) => a - b)
  expect(epochs).toEqual(Array.from({ length: (now?.epoch ?? 1) - 1 }, (_, index) => index + 1))
  expect(exits.map(({ instance }) => instance)).not.toContain(now?.instance)
  expect(exits.length).toBeGreaterThanOrEqual(atLeast)
}

/** Nothing was done twice, and nothing by another process than the one that is there. */
function expectOnce({ holdfast, prompts, calls }: Counters, pids: { agent: number; server: number }): void {
  expect(prompts().map((prompt) => prompt.text)).toEqual([text])
  expect(prompts().map(({ pid }) => pid)).toEqual([pids.agent])
  expect(calls()).toEqual(['slow once'])
  const children = holdfast.children().map(({ pid }) => pid)
  expect(new Set(children)).toEqual(new Set([pids.agent, pids.server]))
  expect(children).toHaveLength(2)
}

const taking = (name: string): boolean => name.startsWith('takeover.')

describe('I5 I7 I9 I10 I11 the daemon dies while an ask and a call are under way', () => {
  it.each(daemonSteps.filter((name) => !taking(name)))('%s', async (name) => {
    const work = counters()
    const { holdfast } = work
    await holdfast.run(['up'], { env: { HOLDFAST_FAILPOINTS: `${name}=kill` } })
    const first = holdfast.record('daemon')?.identity.pid ?? 0
    const asking = holdfast.json<Ask>(['ask', 'counter', text])
    const calling = holdfast.json<Reply>(['mcp', 'call', 'counter.slow', 'key=once', 'ms:=150'])
    const [ask, reply] = await Promise.all([asking, calling])
    expect(ask).toMatchObject({ state: 'done', reply: text })
    expect(reply.content).toHaveLength(1)
    await until('the first daemon has died there', () => !isRunning(first))
    await holdfast.up()
    expectOnce(work, pidsOf(work, reply))
    expectExits(holdfast, 'daemon', 1)
    expectExits(holdfast, 'keeper', 0)
  })

  it.each(daemonSteps.filter(taking))('%s', async (name) => {
    const work = counters({ takeMs: 1500 })
    const { holdfast } = work
    const first = await holdfast.up()
    const { id } = await holdfast.json<Ask>(['ask', 'counter', text, '--no-wait'])
    const calling = holdfast.start(['mcp', 'call', 'counter.slow', 'key=once', 'ms:=1500', '--json'], { input: '' })
    await until('both are under way', () => work.prompts().length === 1 && work.calls().length === 1)
    // It must not be the caller who starts the daemon that is to die.
    signal(calling.pid, 'SIGSTOP')
    signal(first, 'SIGKILL')
    await holdfast.run(['up', '--timeout', '5s'], { env: { HOLDFAST_FAILPOINTS: `${name}=kill` } })
    signal(calling.pid, 'SIGCONT')
    const ask = await holdfast.json<Ask>(['wait', id])
    expect(ask).toMatchObject({ state: 'done', reply: text })
    const { stdout } = await calling.done
    const reply = JSON.parse(stdout) as Reply
    expect(reply.content).toHaveLength(1)
    expectOnce(work, pidsOf(work, reply))
    expectExits(holdfast, 'daemon', 2)
    expectExits(holdfast, 'keeper', 0)
  })
})

function pidsOf({ prompts }: Counters, { content }: Reply): { agent: number; server: number } {
  return { agent: prompts()[0]?.pid ?? 0, server: Number(content[0]?.text.split(' ').at(-1)) }
}

const isWhole = process.env['HOLDFAST_POINTS'] === 'all'

// Counted: the first frames of an agent and of a server are greetings.
const keeperPoints = keeperFailpointNames
  .filter((name) => !/^(drain|file)\./.test(name))
  .filter((name) => isWhole || name === 'start.ready' || !/^(claim|publish|start)\./.test(name))
  .flatMap((name) =>
    /^(input|output)\./.test(name) ? [`${name}=kill`, `${name}=3*off->kill`, `${name}=5*off->kill`] : [`${name}=kill`],
  )

/** Answered; never begun, as there was no keeper; or begun, and nobody can know how it went on. */
function endings(point: string, state: string): unknown[] {
  if (state === 'done') return ['done', text, null]
  const couldStart = !/^(claim|publish|start)\./.test(point)
  const reason = couldStart ? /keeper/ : /no keeper could be started/
  return [couldStart ? 'unknown' : 'failed', expect.anything(), expect.stringMatching(reason)]
}

describe('I7 I8 I10 I11 the keeper dies while an ask and a call are under way', () => {
  it.each(keeperPoints)('%s', async (point) => {
    const work = counters()
    const { holdfast } = work
    await holdfast.run(['up'], { env: { HOLDFAST_KEEPER_FAILPOINTS: point } })
    const asking = holdfast.run(['ask', 'counter', text, '--json'])
    const calling = holdfast.run(['mcp', 'call', 'counter.slow', 'key=once', 'ms:=150', '--json'])
    const [asked, called] = await Promise.all([asking, calling])
    const ask = JSON.parse(asked.stdout) as Ask
    expect([ask.state, ask.reply, ask.reason]).toEqual(endings(point, ask.state))
    expect(work.prompts().length).toBeLessThanOrEqual(1)
    expect(work.calls().length).toBeLessThanOrEqual(1)
    expect(JSON.parse(called.stdout)).toMatchObject(
      called.code === 0 ? { content: [{}] } : { error: { code: 'mcp-failed' } },
    )
    expect(await holdfast.json<Ask>(['ask', 'counter', 'again'])).toMatchObject({ state: 'done', reply: 'again' })
    await holdfast.json(['mcp', 'call', 'counter.echo', 'key=again'])
    expect(holdfast.children()).toHaveLength(2)
    // One that died before it had signed was no instance yet.
    expectExits(holdfast, 'keeper', /prepared|locked|verified|predecessor/.test(point) ? 0 : 1)
    expectExits(holdfast, 'daemon', 0)
  })
})
