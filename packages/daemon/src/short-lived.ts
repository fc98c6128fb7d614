// Shares the answer of a question among those who ask it at about the same time. Failures are not kept.
import type { Clock } from '@holdfast/lifecycle'

const kept = 256

export function shortLived<A extends readonly string[], T>(
  clock: Pick<Clock, 'monotonicMs'>,
  forMs: number,
  ask: (...question: A) => Promise<T>,
): (...question: A) => Promise<T> {
  const answers = new Map<string, { readonly until: number; readonly answer: Promise<T> }>()
  return (...question) => {
    const key = question.join('\0')
    const now = clock.monotonicMs()
    const known = answers.get(key)
    if (known !== undefined && known.until > now) return known.answer
    const answer = ask(...question)
    answers.delete(key)
    answers.set(key, { until: now + forMs, answer })
    answer.catch(() => answers.delete(key))
    for (const oldest of [...answers.keys()].slice(0, Math.max(0, answers.size - kept))) answers.delete(oldest)
    return answer
  }
}
