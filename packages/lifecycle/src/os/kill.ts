// The one call of kill(2), for every platform. It refuses the targets that stand for more than one process: 0, 1, -1, and
// any group but by a verified id over 1.
import { errnoOf } from '../errors.ts'

/** kill(2). `target` under -1 is a process group. Throws on targets that no product code may signal. */
export function rawKill(target: number, signal: NodeJS.Signals | 0): 'ok' | 'ESRCH' | 'EPERM' {
  if (!Number.isSafeInteger(target) || Math.abs(target) <= 1) {
    throw new RangeError(`refusing to signal ${target}: it stands for more than one process`)
  }
  try {
    process.kill(target, signal)
    return 'ok'
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ESRCH' || code === 'EPERM') return code
    throw error
  }
}
