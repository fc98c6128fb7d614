// Says an answer piece by piece over its time, until it is said or somebody says stop.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, piecesOf } from './answer.ts'

const pieceLimit = 400
/** So that a piece stays far from the limit of a line. */
const pieceLength = 32 * 1024

function atOnce(text: string): string[] {
  const pieces: string[] = []
  let rest = text
  while (rest.length > pieceLength) {
    const last = rest.charCodeAt(pieceLength - 1)
    const end = last >= 0xd800 && last <= 0xdbff ? pieceLength - 1 : pieceLength
    pieces.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  return rest === '' ? pieces : [...pieces, rest]
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    // Told to stop: the caller looks at the signal.
    if (!signal.aborted) throw error
  }
}

/** False when it was told to stop before the end. */
export async function speak(
  { text, overMs }: Answer,
  signal: AbortSignal,
  say: (piece: string) => Promise<void>,
): Promise<boolean> {
  const pieces = overMs === 0 ? atOnce(text) : piecesOf(text, pieceLimit).flatMap(atOnce)
  const started = performance.now()
  for (const [index, piece] of pieces.entries()) {
    // Against the clock, not added up: many short pauses would become one long delay.
    const waitMs = started + (overMs * (index + 1)) / pieces.length - performance.now()
    if (overMs > 0 && waitMs > 0) await pause(waitMs, signal)
    if (signal.aborted) return false
    await say(piece)
  }
  if (pieces.length === 0) await pause(overMs, signal)
  return !signal.aborted
}
