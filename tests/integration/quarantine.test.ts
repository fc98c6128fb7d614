// A daemon that crashes more than 5 times in a minute is not started into the same crash for ever: it serves its status, with the
// cause, until somebody says to try again.
import { describe, expect, it } from 'vitest'
import { Holdfast, signal, type Ran } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

interface Status {
  readonly daemon: { state: string; pid: number; problem?: { message: string; hint: string } } | null
  readonly keeper: { children: number } | null
  readonly lastExit: { kind: string; reason: string } | null
}

async function crashOften(holdfast: Holdfast, failpoints: string): Promise<Ran> {
  const env = { HOLDFAST_FAILPOINTS: failpoints }
  let last = await holdfast.run(['agents'], { env })
  for (let tries = 1; tries < 12 && !last.stderr.includes('crashed too often'); tries++) {
    last = await holdfast.run(['agents'], { env })
    await until('the crash is over', () => holdfast.daemons().length === 0 || last.stderr.includes('too often'))
  }
  return last
}

describe('K42 more than 5 crashes in 60 s', () => {
  it.each(['start.opening=error(EIO)', 'start.opened=kill', 'start.ready=error(EIO)'])(
    '%s: status says so with cause and fix; restart after the cause is gone recovers',
    async (failpoints) => {
      const holdfast = new Holdfast()
      const refused = await crashOften(holdfast, failpoints)
      expect(refused.code).toBe(4)
      expect(refused.stderr).toContain('crashed too often')
      expect(refused.stderr).toContain('holdfast restart')
      const { daemon, lastExit } = await holdfast.json<Status>(['status'])
      expect(daemon).toMatchObject({ state: 'quarantined' })
      expect(daemon?.problem?.message).toMatch(/times in 60 s; the last time: (crash|killed)/)
      expect(daemon?.problem?.hint).toContain('holdfast restart')
      expect(lastExit?.kind).toMatch(/crashed|killed/)
      expect((await holdfast.run(['status'])).stdout).toMatch(/quarantined[^]*problem[^]*fix/)
      expect((await holdfast.run(['doctor'])).stdout).toMatch(/FAIL daemon +in quarantine/)
      const again = await holdfast.run(['ask', 'guide', 'repeat after me: x'])
      expect(again).toMatchObject({ code: 4 })
      expect(await holdfast.json(['restart'])).toMatchObject({ daemon: { state: 'ready' } })
      expect(await holdfast.json(['ask', 'guide', 'repeat after me: x'])).toMatchObject({ reply: 'x' })
    },
  )

  it('`up` tries again; while the cause is there it fails with it, and the daemon stays in quarantine', async () => {
    const holdfast = new Holdfast()
    await crashOften(holdfast, 'start.opening=error(EIO)')
    const failed = await holdfast.run(['up'], { env: { HOLDFAST_FAILPOINTS: 'start.opening=error(EIO)' } })
    expect(failed.code).toBe(4)
    expect(failed.stderr).toContain('crashed too often')
    expect(await holdfast.json<Status>(['status'])).toMatchObject({ daemon: { state: 'quarantined' } })
    expect(await holdfast.json(['up'])).toMatchObject({ started: true, daemon: { state: 'ready' } })
    expect(await holdfast.json<Status>(['status'])).toMatchObject({ daemon: { state: 'ready' } })
  })

  it('I7 children live on in quarantine, are counted, go on after it; `down --all` ends them', async () => {
    const holdfast = new Holdfast()
    await holdfast.run(['ask', 'guide', 'repeat after me: x'])
    const children = holdfast.children().map(({ pid }) => pid)
    for (const { pid } of holdfast.daemons()) signal(pid, 'SIGKILL')
    await crashOften(holdfast, 'start.opening=error(EIO)')
    expect(await holdfast.json<Status>(['status'])).toMatchObject({
      daemon: { state: 'quarantined' },
      keeper: { children: 1 },
    })
    expect(children.filter(isRunning)).toEqual(children)
    await holdfast.json(['up'])
    const { reply } = await holdfast.json<{ reply: string }>(['ask', 'guide', 'how many prompts have you seen?'])
    expect(reply).toContain('2 prompts')
    for (const { pid } of holdfast.daemons()) signal(pid, 'SIGKILL')
    await crashOften(holdfast, 'start.opening=error(EIO)')
    expect((await holdfast.run(['down', '--all'])).code).toBe(0)
    await until('all is gone', () => holdfast.processes().length === 0)
  })
})
