// `--timeout` bounds the whole command, whatever it waits for, and says what became of what it had asked for.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Holdfast, root, signal } from '../rig/holdfast.ts'

interface Ask {
  readonly id: string
  readonly state: string
  readonly reason: string | null
}

/** What a command may take beyond its limit, on a machine that is ten times slower. */
const slackMs = 10_000

const long = 'take 10 minutes: What is a scope?'
const idIn = (text: string): string => /a-\w+/.exec(text)?.[0] ?? ''

describe('--timeout', () => {
  it('ends an ask that it waits for, cancels it, and says so', async () => {
    const holdfast = new Holdfast()
    await holdfast.up()
    const ran = await holdfast.run(['ask', 'guide', long, '--timeout', '2s'])
    expect(ran.code).toBe(7)
    const id = idIn(ran.stderr)
    expect(ran.stderr).toContain(`ask ${id} was cancelled`)
    expect(ran.ms).toBeLessThan(2000 + slackMs)
    expect(await holdfast.json<Ask>(['ask-status', id])).toMatchObject({ state: 'cancelled' })
    const asJson = await holdfast.run(['ask', 'guide', long, '--timeout', '2s', '--json'])
    expect(asJson.code).toBe(7)
    expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: 'timed-out', kind: 'timeout' } })
  })

  it('says of several asks what became of each', async () => {
    const holdfast = new Holdfast()
    holdfast.writeConfig({
      agents: {
        quick: { driver: 'acp', command: process.execPath, args: [join(root, 'tests/fixtures/acp-counts-prompts.ts')] },
      },
    })
    await holdfast.up()
    const ran = await holdfast.run(['ask', 'quick,guide', long, '--timeout', '4s'])
    expect(ran.code).toBe(7)
    expect(ran.stderr).toMatch(/ask a-\w+ is done, ask a-\w+ was cancelled/)
  })

  it('of `wait` leaves the ask alone, and says so', async () => {
    const holdfast = new Holdfast()
    const { id } = await holdfast.json<Ask>(['ask', 'guide', long, '--no-wait'])
    const ran = await holdfast.run(['wait', id, '--timeout', '1s'])
    expect(ran.code).toBe(7)
    expect(ran.stderr).toContain(`ask ${id} goes on`)
    expect(await holdfast.json<Ask>(['ask-status', id])).toMatchObject({
      state: expect.stringMatching(/queued|running/),
    })
  })

  it.each(['ps', 'agents', 'asks', 'config show', 'mcp list', 'down', 'restart', 'ask guide x --no-wait'])(
    'bounds `%s` over a daemon that is stopped',
    async (line) => {
      const holdfast = new Holdfast()
      signal(await holdfast.up(), 'SIGSTOP')
      const ran = await holdfast.run([...line.split(' '), '--timeout', '400ms'])
      expect(ran.code, ran.stderr).toBe(7)
      expect(ran.stderr).toContain('not done within 400ms')
      expect(ran.ms).toBeLessThan(400 + slackMs)
    },
  )

  it('bounds what follows, and standard input that never comes', async () => {
    const holdfast = new Holdfast()
    await holdfast.up()
    for (const args of [
      ['events', '-f'],
      ['logs', '-f'],
      ['ask', 'guide', '-'],
    ]) {
      const running = holdfast.start([...args, '--timeout', '1s'])
      expect((await running.done).code, args.join(' ')).toBe(7)
    }
  })

  it('does not hold up what is done before', async () => {
    const holdfast = new Holdfast()
    await holdfast.up()
    const ran = await holdfast.run(['ask', 'guide', 'repeat after me: soon', '--timeout', '10m'])
    expect(ran).toMatchObject({ code: 0, stdout: 'soon\n' })
  })
})
