// Many seeds in a row; a failing one is told with how to play it again. `HOLDFAST_SEED=n` plays only that one, step by step.
import { expect, test } from 'vitest'
import { run } from './run.ts'
import { seedToReplay } from './seed.ts'

const SEEDS_PER_TEST = 5000

const TITLE =
  'I1 I2 I3 I5 K2 K3 K6 K7 K25 K32 K33 K46 K47 whatever starts, dies, is paused, runs out of space or loses power or its socket, in any order'

/** Declares the tests of the seeds `from` to `to`; a seed that is played again may be any. */
export function declareInterleavings(from: number, to: number): void {
  const seed = seedToReplay
  if (seed !== null) {
    test.runIf(from === 0 || (seed >= from && seed < to))(`seed ${seed}: ${TITLE}`, async () => {
      expect(await replay(seed)).toBeNull()
    })
    return
  }
  for (let first = from; first < to; first += SEEDS_PER_TEST) {
    const last = Math.min(first + SEEDS_PER_TEST, to) - 1
    test(`seeds ${first} to ${last}: ${TITLE}`, { timeout: 600_000 }, async () => {
      const { failures, claims } = await playAll(first, last)
      expect(failures).toEqual([])
      expect(claims).toBeGreaterThan(last - first)
    })
  }
}

async function playAll(first: number, last: number): Promise<{ failures: string[]; claims: number }> {
  const failures: string[] = []
  let claims = 0
  for (let seed = first; seed <= last && failures.length < 5; seed++) {
    const result = await run({ seed })
    claims += result.claims
    if (result.violation !== null)
      failures.push(`HOLDFAST_SEED=${seed} vitest run --project simulation # ${result.violation}`)
  }
  return { failures, claims }
}

async function replay(seed: number): Promise<string | null> {
  const lines: string[] = []
  const { violation } = await run({ seed, trace: (line) => lines.push(line) })
  process.stdout.write(`${lines.join('\n')}\n`)
  return violation
}
