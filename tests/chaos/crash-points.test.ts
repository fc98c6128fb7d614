// A crash at every numbered step of claim, publish, start and drain, through the built programs: whatever step it was, the next
// start succeeds, and every instance that served has exactly one exit record or is the live one.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { failpointNames } from '@holdfast/lifecycle'
import { describe, expect, it } from 'vitest'
import { Holdfast } from '../rig/holdfast.ts'
import { until } from '../rig/until.ts'

interface Exit {
  readonly instance: string
  readonly epoch: number
  readonly kind: string
}

function exits(holdfast: Holdfast, role: string): Exit[] {
  const folder = holdfast.statePath('claim', `${role}.exits`)
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Exit)
}

async function expectWhole(holdfast: Holdfast): Promise<void> {
  const { daemon } = await holdfast.json<{ daemon: { pid: number; epoch: number; instance: string } }>(['up'])
  await until('one daemon is left', () => holdfast.daemons().length === 1)
  const recorded = exits(holdfast, 'daemon')
  expect(new Set(recorded.map(({ epoch }) => epoch)).size).toBe(recorded.length)
  expect(recorded.map(({ instance }) => instance)).not.toContain(daemon.instance)
  // Each epoch before this one is accounted for, once.
  expect(recorded.map(({ epoch }) => epoch).sort((a, b) => a - b)).toEqual(
    Array.from({ length: daemon.epoch - 1 }, (_, index) => index + 1),
  )
  const asked = await holdfast.json<{ state: string; reply: string }>(['ask', 'guide', 'repeat after me: whole'])
  expect(asked).toMatchObject({ state: 'done', reply: 'whole' })
}

const starting = failpointNames.filter((name) => !name.startsWith('drain.'))
const draining = failpointNames.filter((name) => name.startsWith('drain.'))

describe('K19 K32 I5 a crash at a step of starting', () => {
  it.each(starting)('%s: the next start succeeds', async (name) => {
    const holdfast = new Holdfast()
    const failed = await holdfast.run(['up'], { env: { HOLDFAST_FAILPOINTS: `${name}=kill` } })
    expect(failed.code).not.toBe(70)
    // Nobody starts daemons for ever that die as soon as they are ready.
    expect(exits(holdfast, 'daemon').length).toBeLessThanOrEqual(4)
    await expectWhole(holdfast)
  })
})

describe('K23 K32 a crash at a step of leaving', () => {
  it.each(draining)('%s: the daemon is gone, and the next start succeeds', async (name) => {
    const holdfast = new Holdfast()
    await holdfast.run(['up'], { env: { HOLDFAST_FAILPOINTS: `${name}=kill` } })
    const left = await holdfast.run(['down'])
    expect(left.code).not.toBe(70)
    await until('it is gone', () => holdfast.daemons().length === 0)
    await expectWhole(holdfast)
  })
})
