// A checker that cannot fail proves nothing: each mistake must be seen, as what it is, within a few interleavings.
import { expect, test } from 'vitest'
import { mutations } from './mutations.ts'
import { run } from './run.ts'

const SEEDS = 1000

test.each([
  ['believes that it has the lock', 'K3 without the claim'],
  ['looks whether the holder lives instead of locking', 'K3 without the claim'],
  ['trusts a lock that the kernel grants twice', 'I1'],
  ["labels the lock before the predecessor's end is recorded", 'K32'],
  ['never records the end of the one before', 'K32'],
  ['overwrites exit records: the last writer wins', 'K32'],
  ['writes exit records in place, so that a crash tears them', 'I32'],
  ['takes the epoch of the one before again', 'I2'],
  ['removes the public name before it puts its own there', 'K2 not at one instant'],
  ['publishes, like so many, before it holds the claim', 'K3 without the claim'],
  ['tidies its public name away once it is ready', 'I3'],
  ['closes the listener that it published', 'I3'],
  ['lets go of the claim before it withdraws its socket', 'K3 without the claim'],
  ['withdraws the public name whoever owns it, after its end', 'K3 without the claim'],
  ['removes the lock file when it leaves', 'K6'],
  ['names its socket in the record before it listens', 'I3'],
  ['never looks whether its public name is still there', 'I5'],
  ['leaves what a crash left unfinished', 'K47'],
])('a daemon that %s breaks %s', async (name, invariant) => {
  const mutate = mutations[name]
  if (mutate === undefined) throw new Error(`there is no mutation "${name}"`)
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violation } = await run({ seed, mutate })
    if (violation?.startsWith(invariant) === true) return
  }
  expect.unreachable(`not seen in ${SEEDS} interleavings`)
})

test('the same seed gives the same run', async () => {
  const traces = await Promise.all(
    [0, 1].map(async () => {
      const lines: string[] = []
      const result = await run({ seed: 4711, trace: (line) => lines.push(line) })
      return { result, lines }
    }),
  )
  expect(traces[0]).toEqual(traces[1])
  expect(traces[0]?.lines.length).toBeGreaterThan(20)
})
