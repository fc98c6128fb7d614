import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LocalKeeper, Recorder } from '../testing/local-keeper.ts'

const sender = join(import.meta.dirname, '../testing/frame-sender.ts')
const frames = 10_000

/** One life of a daemon; true when it got through. */
async function live(keeper: LocalKeeper, epoch: number): Promise<boolean> {
  const args = ['--conditions=source', sender, keeper.path, String(epoch), 'c1', String(frames)]
  const daemon = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const over = once(daemon, 'exit')
  await once(daemon.stdout, 'data')
  const killer = new AbortController()
  // Later ones live longer, so that it comes to an end.
  const killed = sleep(Math.random() * 10 * epoch, undefined, { signal: killer.signal }).then(
    () => daemon.kill('SIGKILL'),
    () => false,
  )
  const [code] = await over
  killer.abort()
  await killed
  return code === 0
}

test('I9 kill -9 of the daemon at random moments: each of 10,000 numbered frames reaches the child whole, once, in order', async () => {
  await using keeper = await new LocalKeeper({ outputBytes: 64 * 1024 * 1024 }).start()
  const first = await keeper.connect(1)
  await first.spawn(keeper.spec('cat'))
  let epoch = 2
  while (!(await live(keeper, epoch))) epoch += 1
  const last = await keeper.connect(epoch + 1)
  const output = new Recorder()
  await last.attach('c1', 0, output)
  last.closeInput('c1')
  await output.ended
  const lines = output.text.split('\n').slice(0, -1)
  expect(epoch).toBeGreaterThan(3)
  expect(lines).toHaveLength(frames)
  const wrong = lines.findIndex((line, index) => {
    const number = index + 1
    return line !== `${number} ${'x'.repeat(number % 100 === 0 ? 50_000 : 10)}`
  })
  expect(wrong).toBe(-1)
})
