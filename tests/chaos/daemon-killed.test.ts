// kill -9 of the daemon at random moments of a running ask and of parallel MCP calls. HOLDFAST_KILLS says how often.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Holdfast, root, signal } from '../rig/holdfast.ts'
import { until } from '../rig/until.ts'

const kills = Number(process.env['HOLDFAST_KILLS'] ?? 25)
const pauseMs = (round: number): number => ((round * 7919) % 40) * 10

interface Ask {
  readonly id: string
  readonly state: string
  readonly reply: string | null
}

describe('I7 I9 I10 kill -9 of the daemon while an ask runs', () => {
  it(
    `at ${kills} moments: every ask is done with the right text, sent once, by the same agent`,
    { timeout: 900_000 },
    async () => {
      const holdfast = new Holdfast()
      const seen = join(holdfast.home, 'prompts')
      holdfast.writeConfig({
        agents: {
          counter: {
            driver: 'acp',
            command: process.execPath,
            args: [join(root, 'tests/fixtures/acp-counts-prompts.ts'), seen],
          },
        },
      })
      await holdfast.up()
      let agents: number[] = []
      for (let round = 0; round < kills; round++) {
        const daemon = holdfast.record('daemon')?.identity.pid ?? 0
        const asking = holdfast.json<Ask>(['ask', 'counter', `take 300 ms: answer ${round}`])
        asking.catch(() => undefined)
        await new Promise((resolve) => setTimeout(resolve, pauseMs(round)))
        signal(daemon, 'SIGKILL')
        expect(await asking).toMatchObject({ state: 'done', reply: `answer ${round}` })
        const now = holdfast.children().map(({ pid }) => pid)
        if (agents.length > 0) expect(now).toEqual(agents)
        agents = now
      }
      const prompts = readFileSync(seen, 'utf8').trim().split('\n')
      expect(prompts).toHaveLength(kills)
      expect(new Set(prompts).size).toBe(kills)
    },
  )
})

describe('I11 kill -9 of the daemon during twenty parallel MCP calls', () => {
  it.todo('see mcp.process.test.ts')
})

export const waitForIt = until
