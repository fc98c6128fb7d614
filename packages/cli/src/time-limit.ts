// `--timeout`: one limit for all that a command does. At the limit its signal is aborted with the error that says so; the command
// then has a moment to wind up (to cancel its ask, to say what became of it), and is left behind when it takes longer.
import { CliError } from './errors.ts'
import { formatDuration } from './duration.ts'

/** How long a command may take to wind up after its limit. */
export const windUpMs = 1000
/** Node fires a timer that is longer at once. */
const longestTimerMs = 2 ** 31 - 1

export interface Limit {
  readonly limitMs: number | null
  /** What is limited, for the message. */
  readonly name: string
  /** Aborted for other reasons. */
  readonly interrupted: AbortSignal
}

/** Runs `work` with a signal that is aborted at the limit as well. Rejects with `timed-out` no later than `windUpMs` after it. */
export async function withinLimit<T>(
  { limitMs, name, interrupted }: Limit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (limitMs === null) return work(interrupted)
  const limit = new AbortController()
  const left = Promise.withResolvers<never>()
  let windUp: NodeJS.Timeout | undefined
  const timer = setTimeout(
    () => {
      const error = new CliError('timed-out', `"${name}" was not done within ${formatDuration(limitMs)}`)
      limit.abort(error)
      windUp = setTimeout(() => left.reject(error), windUpMs)
    },
    Math.min(limitMs, longestTimerMs),
  )
  try {
    return await Promise.race([work(AbortSignal.any([interrupted, limit.signal])), left.promise])
  } catch (error) {
    const late = timedOut(limit.signal)
    throw late === null ? error : moreTelling(late, error)
  } finally {
    clearTimeout(timer)
    clearTimeout(windUp)
  }
}

/** The error of the limit that is over; null when it is not, or when the command was interrupted otherwise. */
export function timedOut(signal: AbortSignal): CliError | null {
  const reason: unknown = signal.reason
  return reason instanceof CliError && reason.code === 'timed-out' ? reason : null
}

/** What was under way at the limit knows best what it waited for. */
function moreTelling(late: CliError, error: unknown): CliError {
  if (error instanceof CliError && error.code === 'timed-out') return error
  const isOfTheLimit = error instanceof Error && 'kind' in error && error.kind === 'timeout'
  if (!isOfTheLimit) return late
  return new CliError('timed-out', `${late.message}: ${error.message}`, late.hint, { cause: error })
}
