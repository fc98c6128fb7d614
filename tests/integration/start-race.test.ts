// Many starters at once: always one daemon, everybody served by it, and hardly anyone who started one in vain.
// HOLDFAST_RACES says how often; ten times is what the promise was measured with.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Holdfast } from '../rig/holdfast.ts'
import { until } from '../rig/until.ts'

const rounds = Number(process.env['HOLDFAST_RACES'] ?? 3)

interface Up {
  readonly started: boolean
  readonly daemon: { readonly pid: number; readonly epoch: number; readonly instance: string }
}

const lost: number[] = []

/** How many candidates were started in vain: each says in the log who holds the claim. */
function losers(holdfast: Holdfast): number {
  const log = readFileSync(holdfast.statePath('logs', 'daemon.log'), 'utf8')
  return log.match(/the daemon of scope "[^"]+" is pid/g)?.length ?? 0
}

describe('I1 I4 K5 fifty times `up` at once', () => {
  it.each(Array.from({ length: rounds }, (_, round) => round))(
    'start one daemon that serves all of them (round %i)',
    async () => {
      const holdfast = new Holdfast()
      const ups = await Promise.all(Array.from({ length: 50 }, () => holdfast.json<Up>(['up'])))
      expect(new Set(ups.map(({ daemon }) => daemon.instance)).size).toBe(1)
      expect(ups.filter(({ started }) => started)).toHaveLength(1)
      await until('only one daemon is left', () => holdfast.daemons().length === 1)
      expect(holdfast.daemons().map(({ pid }) => pid)).toEqual([ups[0]?.daemon.pid])
      // One that won and ended would have used up an epoch.
      expect(ups[0]?.daemon.epoch).toBe(1)
      lost.push(losers(holdfast))
    },
  )

  it('start at most one candidate in vain, on average', () => {
    expect(lost).toHaveLength(rounds)
    expect(lost.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(rounds)
  })
})

describe('I1 twenty times `up --foreground` at once', () => {
  it.each(Array.from({ length: rounds }, (_, round) => round))(
    'leave one daemon; the others say who it is, and exit 0 (round %i)',
    async () => {
      const holdfast = new Holdfast()
      const candidates = Array.from({ length: 20 }, () =>
        holdfast.start(['up', '--foreground'], { timeoutMs: 110_000 }),
      )
      let ended = 0
      for (const { done } of candidates) void done.then(() => (ended += 1))
      await until('nineteen have lost', () => ended === 19)
      const [winner] = candidates.filter(({ child }) => child.exitCode === null && child.signalCode === null)
      const record = await until('the winner is known', () => holdfast.record('daemon'))
      const losers = await Promise.all(candidates.filter((each) => each !== winner).map(({ done }) => done))
      for (const loser of losers) {
        expect(loser).toMatchObject({ code: 0 })
        expect(loser.stdout + loser.stderr).toContain(String(record.identity.pid))
      }
      expect(record.epoch).toBe(1)
      expect((await holdfast.run(['status'])).code).toBe(0)
      await holdfast.run(['down', '--all'])
      expect((await winner?.done)?.code).toBe(0)
    },
  )
})
