// Asks on real processes: the built daemon, its keeper, the guide and fixture agents; the daemon is killed at random moments.
import { describe, expect, test } from 'vitest'
import { RealDaemon } from './testing/real-daemon.ts'

describe('an ask to a real agent', () => {
  test('I10 is answered byte for byte, whatever is in it', async () => {
    const world = new RealDaemon()
    const link = await world.link()
    const text = `EOF\n<<'EOF' $(touch x) \`id\` "quotes" 'single' \\ \u{1F980} e\u0301 \u2028 ${'long '.repeat(220_000)}end`
    expect(text.length).toBeGreaterThan(1024 * 1024)
    const ask = await world.ask(link, `repeat after me: ${text}`)
    expect({ ...ask, reply: ask.reply === text }).toMatchObject({ state: 'done', certainty: 'exact', reply: true })
  })
})
