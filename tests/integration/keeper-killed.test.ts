// The keeper dies: nothing is left running that nobody reports, and an ask that ran ends as `unknown`, with the reason.
import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Holdfast, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

interface Ask {
  readonly id: string
  readonly state: string
  readonly reply: string | null
  readonly reason: string | null
}

async function withRunningAsk(): Promise<{
  holdfast: Holdfast
  daemon: number
  keeper: number
  child: number
  ask: string
}> {
  const holdfast = new Holdfast()
  const daemon = await holdfast.up()
  const { id } = await holdfast.json<Ask>(['ask', 'guide', 'take 60 seconds: repeat after me: never said', '--no-wait'])
  await until('the agent has it', async () => (await holdfast.json<Ask>(['ask-status', id])).state === 'running')
  const [keeper] = holdfast.keepers()
  const [child] = holdfast.children()
  if (keeper === undefined || child === undefined) throw new Error('no keeper or no child')
  return { holdfast, daemon, keeper: keeper.pid, child: child.pid, ask: id }
}

describe('I7 I8 I10 the keeper is killed', () => {
  it('the ask ends as unknown, the agent is ended, the next ask is answered', async () => {
    const { holdfast, keeper, child, ask } = await withRunningAsk()
    signal(keeper, 'SIGKILL')
    const waited = await holdfast.run(['wait', ask, '--json'])
    const ended = JSON.parse(waited.stdout) as Ask
    expect(ended.state).toBe('unknown')
    expect(ended.reason).toMatch(/keeper/)
    await until('the agent is ended', () => !isRunning(child))
    const again = await holdfast.json<Ask>(['ask', 'guide', 'repeat after me: back again'])
    expect(again).toMatchObject({ state: 'done', reply: 'back again' })
  })

  it('together with the daemon: the next command finds and ends what is left, and says what became of the ask', async () => {
    const { holdfast, daemon, keeper, child, ask } = await withRunningAsk()
    signal(keeper, 'SIGKILL')
    signal(daemon, 'SIGKILL')
    const waited = await holdfast.run(['wait', ask, '--json'])
    const ended = JSON.parse(waited.stdout) as Ask
    expect(ended.state).toBe('unknown')
    expect(ended.reason).not.toBe('')
    await until('the agent is ended', () => !isRunning(child))
    const again = await holdfast.json<Ask>(['ask', 'guide', 'repeat after me: back again'])
    expect(again).toMatchObject({ state: 'done', reply: 'back again' })
  })
})

describe('I8 the keeper is stopped', () => {
  it('`down --all` ends it and its children all the same, and says what is true', async () => {
    const { holdfast, keeper, child } = await withRunningAsk()
    signal(keeper, 'SIGSTOP')
    const ran = await holdfast.run(['down', '--all', '--json'])
    expect([ran.code, isRunning(keeper), isRunning(child)]).toEqual([0, false, false])
    expect(JSON.parse(ran.stdout)).toMatchObject({ stopped: true, survivors: [] })
  })
})

describe('I7 I10 the daemon dies and the run folder is removed at once', () => {
  it('the keeper lives, so its child does, and the ask is answered', async () => {
    const holdfast = new Holdfast()
    const daemon = await holdfast.up()
    const prompt = 'take 4 seconds: repeat after me: kept'
    const { id } = await holdfast.json<Ask>(['ask', 'guide', prompt, '--no-wait'])
    await until('the agent has it', async () => (await holdfast.json<Ask>(['ask-status', id])).state === 'running')
    const [child] = holdfast.children()
    signal(daemon, 'SIGKILL')
    rmSync(holdfast.runPath(), { recursive: true })
    await holdfast.up()
    expect(holdfast.children().map(({ pid }) => pid)).toEqual([child?.pid])
    expect(await holdfast.json(['wait', id])).toMatchObject({ state: 'done', reply: 'kept' })
  })
})

describe('I8 the daemon is down and the run folder is removed', () => {
  it('`down --all` finds the keeper by its lock, and ends what it holds', async () => {
    const { holdfast, keeper, child } = await withRunningAsk()
    await holdfast.run(['down'])
    rmSync(holdfast.runPath(), { recursive: true })
    const ran = await holdfast.run(['down', '--all', '--json'])
    expect([ran.code, isRunning(keeper), isRunning(child)]).toEqual([0, false, false])
  })
})
