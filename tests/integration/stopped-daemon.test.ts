// A daemon that is stopped (SIGSTOP) is found hung and replaced; its children live on; woken up, it leaves and counts for nothing.
import { describe, expect, it } from 'vitest'
import { Holdfast, signal } from '../rig/holdfast.ts'
import { isRunning, stateOf } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

interface Ask {
  readonly id: string
  readonly state: string
  readonly reply: string | null
}

async function withRunningAsk(): Promise<{ holdfast: Holdfast; daemon: number; ask: string }> {
  const holdfast = new Holdfast()
  const daemon = await holdfast.up()
  const { id } = await holdfast.json<Ask>(['ask', 'guide', 'take 6 seconds: repeat after me: still here', '--no-wait'])
  await until('the agent has it', async () => (await holdfast.json<Ask>(['ask-status', id])).state === 'running')
  return { holdfast, daemon, ask: id }
}

describe('K14 a daemon that is stopped', () => {
  it('is shown as hung by `status`, which starts and ends nothing', async () => {
    const { holdfast, daemon, ask } = await withRunningAsk()
    signal(daemon, 'SIGSTOP')
    const status = await holdfast.json<{ daemon: { state: string; pid: number } }>(['status'])
    expect(status.daemon).toMatchObject({ state: 'hung', pid: daemon })
    expect(stateOf(daemon)).toBe('T')
    signal(daemon, 'SIGCONT')
    const { reply } = await holdfast.json<Ask>(['wait', ask])
    expect(reply).toBe('still here')
  })

  it('is not called hung by a command that had too little time to tell', async () => {
    const holdfast = new Holdfast()
    const daemon = await holdfast.up()
    signal(daemon, 'SIGSTOP')
    const ran = await holdfast.run(['ps', '--timeout', '300ms'])
    expect(ran.code).toBe(7)
    expect(ran.stderr).toContain('300 ms')
    expect(ran.stderr).not.toContain('end it')
    signal(daemon, 'SIGCONT')
    expect(await holdfast.up()).toBe(daemon)
  })

  it('I5 I7 is replaced for the next command; children and asks are kept', async () => {
    const { holdfast, daemon, ask } = await withRunningAsk()
    const children = holdfast.children().map(({ pid }) => pid)
    const keeper = holdfast.keepers().map(({ pid }) => pid)
    signal(daemon, 'SIGSTOP')
    const next = await holdfast.json<{ reason: string; daemon: { pid: number; epoch: number } }>(['up'])
    expect(next.reason).toBe('hung')
    expect(next.daemon).toMatchObject({ epoch: 2 })
    expect(isRunning(daemon)).toBe(false)
    expect(holdfast.children().map(({ pid }) => pid)).toEqual(children)
    expect(holdfast.keepers().map(({ pid }) => pid)).toEqual(keeper)
    expect((await holdfast.json<Ask>(['wait', ask])).reply).toBe('still here')
    const { lastExit } = await holdfast.json<{ lastExit: { kind: string; epoch: number } }>(['status'])
    expect(lastExit).toMatchObject({ kind: 'hung', epoch: 1 })
  })
})
