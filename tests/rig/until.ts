// Waiting for a condition: it is looked at until it holds, with a deadline that a loaded machine does not reach.

export const patienceMs = 60_000

/** Gives what `look` gives once that is neither false, null nor undefined. `what` is said when it never is. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = patienceMs,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + timeoutMs
  let last: unknown
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.5, 250)) {
    const found = await look()
    if (found !== false && found !== null && found !== undefined) return found as Exclude<T, false | null | undefined>
    last = found
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what} (last: ${String(last)})`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
