// Measures one thing beside another, in turns, so that whatever else the machine does hits both alike.

export interface Samples {
  readonly p50: number
  readonly min: number
}

export interface Compared {
  readonly measured: Samples
  readonly floor: Samples
}

export function samplesOf(values: readonly number[]): Samples {
  const sorted = values.toSorted((a, b) => a - b)
  return { p50: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, min: sorted[0] ?? Number.NaN }
}

export type Once = () => Promise<unknown>

/** Milliseconds that it takes. */
export async function timed(once: Once): Promise<number> {
  const began = performance.now()
  await once()
  return performance.now() - began
}

export interface TurnsOptions {
  readonly turns: number
  /** How often in a row in each turn. */
  readonly batch?: number
  /** Turns that are not counted, while caches and compilers warm up. */
  readonly warmUp?: number
  /** Called after each time that something was measured; its own time is not counted. */
  readonly afterEach?: Once
}

/** Times of both, in milliseconds. */
export async function inTurns(
  measured: Once,
  floor: Once,
  { turns, batch = 1, warmUp = 1, afterEach }: TurnsOptions,
): Promise<Compared> {
  const times = { measured: [] as number[], floor: [] as number[] }
  for (let turn = -warmUp; turn < turns; turn++) {
    for (const [name, once] of [['measured', measured] as const, ['floor', floor] as const]) {
      for (let left = batch; left > 0; left--) {
        const ms = await timed(once)
        if (turn >= 0) times[name].push(ms)
        if (name === 'measured') await afterEach?.()
      }
    }
  }
  return { measured: samplesOf(times.measured), floor: samplesOf(times.floor) }
}
