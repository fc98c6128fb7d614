// Durations as people write them: `500ms`, `20s`, `1m30s`, `2h`, `1d`; a bare number is seconds.

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy

export const durationShape =
  'a duration is a number with ms, s, m, h or d, such as 500ms, 20s, 1m30s or 2h; without a unit it is seconds'
const longestMs = 365 * 86_400_000

/** Milliseconds, or null when the text is no duration (or one of more than a year). */
export function parseDuration(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(Number(text) * 1000)
  let total = 0
  part.lastIndex = 0
  while (part.lastIndex < text.length) {
    const found = part.exec(text)
    if (found === null) return null
    total += Number(found[1]) * (unitsMs[found[2] ?? ''] ?? 0)
  }
  return text === '' ? null : bounded(total)
}

function bounded(ms: number): number | null {
  return Number.isFinite(ms) && ms <= longestMs ? Math.round(ms) : null
}

/** Two units at most: `3d 4h`, `1m 30s`, `4.2s`, `850ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toString()}s`
  const seconds = Math.floor(ms / 1000)
  const steps: readonly [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ]
  const first = steps.findIndex(([, size]) => seconds >= size)
  const parts: string[] = []
  let rest = seconds
  for (const [unit, size] of steps.slice(first, first + 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.join(' ')
}

/** How long ago an ISO time was, for tables; `-` when there is none. */
export function age(at: string | null, nowMs: number): string {
  if (at === null) return '-'
  const then = Date.parse(at)
  return Number.isNaN(then) ? '-' : formatDuration(Math.max(0, nowMs - then))
}
