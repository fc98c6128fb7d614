// What is asked reaches the agent that was meant, of the project that asks, byte for byte; agents that are asked together work together.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Holdfast, root } from '../rig/holdfast.ts'

interface Ask {
  readonly id: string
  readonly agent: string
  readonly state: string
  readonly reply: string | null
  readonly timings: { readonly startedAt: string; readonly endedAt: string }
}

interface Seen {
  readonly pid: number
  readonly text: string
}

/** An agent that writes down what it sees. */
function witness(seenFile: string, takeMs = 0): object {
  return {
    driver: 'acp',
    command: process.execPath,
    args: [join(root, 'tests/fixtures/acp-counts-prompts.ts')],
    env: { SEEN_FILE: seenFile, TAKE_MS: String(takeMs) },
  }
}

function seenIn(file: string): Seen[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Seen)
}

const nasty: readonly (readonly [string, string])[] = [
  ['here-doc markers', "cat <<'EOF'\ninside\nEOF\n<<-EOF\n\tx\nEOF\nHEREDOC\n__END__"],
  ['substitutions', '$(touch PWNED) `touch PWNED` ${HOME} $PATH $((1+1)) %PATH% !!'],
  ['quotes and backslashes', `"double" 'single' \\ \\n \\" '"'"' \u0022 ; | & > PWNED < /dev/null #`],
  ['what looks like flags and ids', '--json --session x -- - a-123 {"jsonrpc":"2.0","id":1,"method":"session/cancel"}'],
  ['emoji, joiners and combining marks', '\u{1FAA2} \u{1F469}\u200D\u{1F467} e\u0301 \u202Eabc \uFEFF \u{10FFFF}'],
  ['line ends and blanks', '  leading\r\nmiddle\t\v\f\u2028\u2029 trailing \n\n'],
]

describe('I9 a prompt reaches the agent byte for byte', () => {
  it('with anything that a shell or a protocol could take for its own', async () => {
    const holdfast = new Holdfast()
    const seenFile = join(holdfast.home, 'seen')
    holdfast.writeConfig({ agents: { witness: witness(seenFile) } })
    for (const [name, prompt] of nasty) {
      const ran = await holdfast.run(['ask', '--json', 'witness', '--', prompt])
      expect(JSON.parse(ran.stdout), name).toMatchObject({ state: 'done', reply: prompt })
      const asInput = await holdfast.json<Ask>(['ask', 'witness', '-'], { input: prompt })
      expect(asInput, name).toMatchObject({ state: 'done', reply: prompt })
      expect(
        seenIn(seenFile)
          .slice(-2)
          .map(({ text }) => text),
        name,
      ).toEqual([prompt, prompt])
    }
    expect(seenIn(seenFile)).toHaveLength(nasty.length * 2)
    expect(readdirSync(holdfast.project)).toEqual([])
  })

  it('with 1 MiB, and characters across every boundary of a chunk', async () => {
    const holdfast = new Holdfast()
    const seenFile = join(holdfast.home, 'seen')
    holdfast.writeConfig({ agents: { witness: witness(seenFile) } })
    const prompt = `x${'\u{1F980}\u00E9\u4E2D'.repeat(116_509)}`
    expect(Buffer.byteLength(prompt)).toBeGreaterThan(1024 * 1024)
    const { id, reply } = await holdfast.json<Ask>(['ask', 'witness', '-'], { input: prompt })
    expect(reply === prompt).toBe(true)
    expect(seenIn(seenFile).map(({ text }) => text === prompt)).toEqual([true])
    expect((await holdfast.run(['reply', id])).stdout === `${prompt}\n`).toBe(true)
  })
})

describe('a question asked in one project', () => {
  it("I12 never reaches another project's agent, whoever started the daemon", async () => {
    const holdfast = new Holdfast()
    const [here, there] = ['here', 'there'].map((name) => join(holdfast.home, name)) as [string, string]
    for (const folder of [here, there]) {
      mkdirSync(folder)
      holdfast.writeConfig({ agents: { mine: witness(join(folder, 'seen')) } }, folder)
    }
    holdfast.writeConfig({ agents: { shared: witness(join(holdfast.home, 'seen')) } })
    const ask = (cwd: string, agent: string, text: string): Promise<Ask> =>
      holdfast.json<Ask>(['ask', agent, text], { cwd })
    expect(await ask(there, 'mine', 'started there')).toMatchObject({ state: 'done' })
    expect(await ask(here, 'mine', 'asked here')).toMatchObject({ state: 'done', reply: 'asked here' })
    const byFlag = await holdfast.json<Ask>(['ask', 'mine', 'by flag', '--project', here], { cwd: there })
    expect(byFlag).toMatchObject({ state: 'done' })
    expect(seenIn(join(here, 'seen')).map(({ text }) => text)).toEqual(['asked here', 'by flag'])
    expect(seenIn(join(there, 'seen')).map(({ text }) => text)).toEqual(['started there'])
    // The same agent of the user's config is another process, with another conversation, in each project.
    await ask(here, 'shared', 'one')
    await ask(there, 'shared', 'two')
    const pids = seenIn(join(holdfast.home, 'seen')).map(({ pid }) => pid)
    expect(new Set(pids).size).toBe(2)
    const { asks } = await holdfast.json<{ asks: { agent: string }[] }>(['asks'], { cwd: here })
    expect(asks.map(({ agent }) => agent).toSorted()).toEqual(['mine', 'mine', 'shared'])
  })
})

it('three agents that are asked at once work at once', async () => {
  const holdfast = new Holdfast()
  const names = ['one', 'two', 'three']
  holdfast.writeConfig({
    agents: Object.fromEntries(names.map((name) => [name, witness(join(holdfast.home, name), 3000)])),
  })
  const { asks } = await holdfast.json<{ asks: Ask[] }>(['ask', names.join(','), 'a b c d e f'])
  expect(asks.map(({ agent, state, reply }) => [agent, state, reply])).toEqual(
    names.map((name) => [name, 'done', 'a b c d e f']),
  )
  const lastStart = Math.max(...asks.map(({ timings }) => Date.parse(timings.startedAt)))
  const firstEnd = Math.min(...asks.map(({ timings }) => Date.parse(timings.endedAt)))
  expect(lastStart).toBeLessThan(firstEnd)
})
