// Gives memory back after a burst. Buffers that went through are garbage outside of the heap, which nothing collects once the
// keeper idles: a line of 64 MiB would stay with it for days. One collection after a quiet while, and none without a burst.
import type { Clock, Timer } from '@holdfast/lifecycle'

export interface TidyOptions {
  readonly clock: Clock
  collect(): void
  /** So much must have gone through. */
  readonly burstBytes?: number
  readonly quietMs?: number
}

export class Tidy {
  readonly #options: Required<TidyOptions>
  #bytes = 0
  #atTimer = 0
  #timer: Timer | null = null

  constructor({ burstBytes = 8 * 1024 * 1024, quietMs = 2000, ...options }: TidyOptions) {
    this.#options = { ...options, burstBytes, quietMs }
  }

  /** So many bytes went through. */
  passed(bytes: number): void {
    this.#bytes += bytes
    if (this.#timer === null && this.#bytes >= this.#options.burstBytes) this.#wait()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #wait(): void {
    this.#atTimer = this.#bytes
    this.#timer = this.#options.clock.setTimer(this.#options.quietMs, () => {
      if (this.#bytes !== this.#atTimer) return this.#wait()
      this.#timer = null
      this.#bytes = 0
      this.#options.collect()
    })
  }
}

/** Collects now. The runtime has no other door to it than its own switch. */
export function collectGarbage(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc')
  const gc: unknown = process.getBuiltinModule('node:vm').runInNewContext('gc')
  if (typeof gc === 'function') gc()
}
