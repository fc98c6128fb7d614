// kill -9 of the daemon at random moments of a running ask and of parallel MCP calls. HOLDFAST_KILLS says how often; a hundred
// times is what the promise was measured with.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Holdfast, root, signal } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

const kills = Number(process.env['HOLDFAST_KILLS'] ?? 20)
const patience = { timeout: 1_200_000 }

/** Moments spread over the work without a pattern, and the same in each run. */
const momentMs = (round: number, workMs: number): number => ((round * 7919 + 13) % 97) * (workMs / 97)
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function configured(holdfast: Holdfast): { seen: string; counted: string } {
  const seen = join(holdfast.home, 'seen')
  const counted = join(holdfast.home, 'counted')
  const fixture = (name: string): string => join(root, 'tests/fixtures', name)
  holdfast.writeConfig({
    agents: {
      counter: {
        driver: 'acp',
        command: process.execPath,
        args: [fixture('acp-counts-prompts.ts')],
        env: { SEEN_FILE: seen, TAKE_MS: '250' },
      },
    },
    mcpServers: {
      counter: { command: process.execPath, args: [fixture('mcp-counter.ts')], env: { COUNT_FILE: counted } },
    },
  })
  return { seen, counted }
}

/** Kills the daemon that serves now, as soon as there is one. */
async function killDaemon(holdfast: Holdfast, last: number): Promise<number> {
  const pid = await until('a daemon serves', () => {
    const now = holdfast.record('daemon')?.identity.pid ?? 0
    return now !== last && isRunning(now) ? now : null
  })
  signal(pid, 'SIGKILL')
  return pid
}

interface Ask {
  readonly id: string
  readonly state: string
  readonly reply: string | null
}

describe('I7 I9 I10 kill -9 of the daemon while an ask runs', () => {
  it(`at ${kills} moments: each ask is done with the right text, sent once, by the same agent`, patience, async () => {
    const holdfast = new Holdfast()
    const { seen } = configured(holdfast)
    await holdfast.json<Ask>(['ask', 'counter', 'the first'])
    const agents = holdfast.children().map(({ pid }) => pid)
    expect(agents).toHaveLength(1)
    let daemon = 0
    for (let round = 0; round < kills; round++) {
      const text = `answer number ${round} of all of them`
      const asking = holdfast.json<Ask>(['ask', 'counter', text])
      asking.catch(() => undefined)
      await pause(momentMs(round, 500))
      daemon = await killDaemon(holdfast, daemon)
      expect(await asking).toMatchObject({ state: 'done', reply: text })
      expect(holdfast.children().map(({ pid }) => pid)).toEqual(agents)
      await holdfast.up()
    }
    const prompts = readFileSync(seen, 'utf8').trim().split('\n')
    expect(prompts).toHaveLength(kills + 1)
  })
})

interface CallResult {
  readonly content: readonly { readonly text: string }[]
}

describe('I7 I11 kill -9 of the daemon during twenty parallel MCP calls', () => {
  const rounds = Math.max(1, Math.round(kills / 5))
  it(
    `at ${rounds} moments: each call has its one answer, the tool ran once, by the same server`,
    patience,
    async () => {
      const holdfast = new Holdfast()
      const { counted } = configured(holdfast)
      await holdfast.json(['mcp', 'call', 'counter.echo', 'key=first', 'text=first'])
      const servers = holdfast.children().map(({ pid }) => pid)
      expect(servers).toHaveLength(1)
      let daemon = 0
      for (let round = 0; round < rounds; round++) {
        const keys = Array.from({ length: 20 }, (_, index) => `r${round}c${index}`)
        const calls = keys.map((key) =>
          holdfast.json<CallResult>(['mcp', 'call', 'counter.slow', `key=${key}`, 'ms:=400']),
        )
        for (const call of calls) call.catch(() => undefined)
        await pause(momentMs(round, 2500))
        daemon = await killDaemon(holdfast, daemon)
        const answers = await Promise.all(calls)
        expect(answers.map(({ content }) => content.length)).toEqual(keys.map(() => 1))
        expect(holdfast.children().map(({ pid }) => pid)).toEqual(servers)
        await holdfast.up()
      }
      const executed = readFileSync(counted, 'utf8').trim().split('\n').sort()
      const expected = [
        'echo first',
        ...Array.from({ length: rounds * 20 }, (_, at) => `slow r${Math.floor(at / 20)}c${at % 20}`),
      ]
      expect(executed).toEqual(expected.sort())
    },
  )
})
