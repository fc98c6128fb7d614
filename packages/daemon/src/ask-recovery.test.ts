// Asks and sessions under a daemon that dies at any of its steps, over a store and a keeper in memory. The real processes are in
// asks.process.test.ts; here every step is tried.
import { array, assert, asyncProperty, nat } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AskRecord } from './asks/record.ts'
import { finalOf, startAskDaemon, type AskDaemon } from './testing/ask-daemon.ts'
import { echoAgent, type Seen } from './testing/echo-agent.ts'
import { MemoryKeeper } from './testing/memory-keeper.ts'
import { Disk } from './testing/memory-store.ts'

const prompts = ['one two three', 'vier', 'a longer prompt in many chunks'] as const

function newWorld() {
  const disk = new Disk()
  const seen: Seen[] = []
  const keeper = new MemoryKeeper((_spec, ports) => echoAgent(ports, { seen }))
  return { disk, seen, keeper }
}

function stored(disk: Disk): AskRecord[] {
  return [...disk.bucket('ask').values()].map((rec) => rec.value as AskRecord)
}

/** Asks in two sessions; resolves when all are answered, or the daemon is dead. */
async function work(daemon: AskDaemon, accepted: string[]): Promise<void> {
  const asking = prompts.map(async (prompt, index) => {
    const id = await daemon.create(prompt, { session: index === 2 ? 'other' : 'main' })
    accepted.push(id)
    await finalOf(daemon, id)
  })
  await Promise.race([Promise.all(asking), daemon.life.dead])
}

async function finish(world: ReturnType<typeof newWorld>, accepted: readonly string[]): Promise<void> {
  const last = await startAskDaemon(world.disk, world.keeper)
  for (const { id } of stored(world.disk)) await finalOf(last, id)
  const { disk, seen } = world
  expect(last.troubles).toEqual([])
  expect(stored(disk).map(({ state }) => state)).toEqual(stored(disk).map(() => 'done'))
  expect(accepted.filter((id) => !disk.bucket('ask').has(id))).toEqual([])
  for (const { id } of stored(disk)) {
    const { text: prompt } = disk.bucket('ask.prompt').get(id)!.value as { text: string }
    expect(seen.filter((each) => each.id === id)).toEqual([{ id, text: prompt }])
    expect(disk.bucket('ask.reply').get(id)?.value).toEqual({ text: prompt })
  }
  const sessions = world.keeper.spawned.map((child) => child.split('.')[0])
  expect(new Set(sessions).size).toBe(sessions.length)
  expect(disk.bucket('ask.piece').size).toBe(0)
}

describe('a daemon that dies', () => {
  test('I9 I10 at any one step: each accepted ask is answered, each prompt is seen once, by the same process', async () => {
    let dieAt = 1
    for (; dieAt < 2000; dieAt += 1) {
      const world = newWorld()
      const accepted: string[] = []
      const daemon = await startAskDaemon(world.disk, world.keeper, { dieAt })
      await work(daemon, accepted)
      const { isDead } = daemon.life
      daemon.life.die()
      await finish(world, accepted)
      if (!isDead) break
    }
    expect(dieAt).toBeGreaterThan(40)
  })

  test('I9 I10 again and again, at any steps', async () => {
    await assert(
      asyncProperty(array(nat({ max: 60 }), { minLength: 1, maxLength: 8 }), async (deaths) => {
        const world = newWorld()
        const accepted: string[] = []
        const first = await startAskDaemon(world.disk, world.keeper, { dieAt: (deaths[0] ?? 0) + 20 })
        await work(first, accepted)
        first.life.die()
        for (const death of deaths.slice(1)) {
          const daemon = await startAskDaemon(world.disk, world.keeper, { dieAt: death + 1 })
          const all = stored(world.disk).map(({ id }) => finalOf(daemon, id))
          await Promise.race([Promise.all(all), daemon.life.dead])
          daemon.life.die()
        }
        await finish(world, accepted)
      }),
      { numRuns: 300 },
    )
  })
})
