// Faults on demand at each numbered step of the protocol, in the manner of fail(9). Off unless a program is given a list.
import { LifecycleError } from './errors.ts'

/** Called at a step of a protocol; does nothing unless a fault was asked for there. Throws the error that was asked for. */
export type Failpoint = (name: string) => void

interface Step {
  readonly step: string
  readonly name: string
}

/** The steps of the daemon's own protocol, in order: D1 to D11 to serve, S1 to S5 to leave. */
export const lifecycleSteps: readonly Step[] = [
  { step: 'D1', name: 'claim.prepared' },
  { step: 'D2', name: 'claim.locked' },
  { step: 'D3', name: 'claim.verified' },
  { step: 'D4', name: 'claim.predecessor' },
  { step: 'D5', name: 'claim.labelled' },
  { step: 'D6', name: 'claim.epoch' },
  { step: 'D7', name: 'start.intensity' },
  { step: 'D9', name: 'publish.bound' },
  { step: 'D9', name: 'publish.linked' },
  { step: 'D9', name: 'publish.renamed' },
  { step: 'D9', name: 'start.recorded' },
  { step: 'D8', name: 'start.opening' },
  { step: 'D10', name: 'start.opened' },
  { step: 'D11', name: 'start.ready' },
  { step: 'S1', name: 'drain.announced' },
  { step: 'S2', name: 'drain.refusing' },
  { step: 'S3', name: 'drain.closed' },
  { step: 'S3', name: 'drain.recorded' },
  { step: 'S4', name: 'drain.unpublished' },
  { step: 'S5', name: 'drain.released' },
]

/** The steps inside of one durable write; `createOnce` and `replaceFile` pass them. */
export const fileSteps: readonly Step[] = [
  { step: 'F1', name: 'file.created' },
  { step: 'F2', name: 'file.written' },
  { step: 'F3', name: 'file.synced' },
  { step: 'F4', name: 'file.placed' },
]

/** The name of every failpoint of this package. */
export const failpointNames: readonly string[] = [...lifecycleSteps, ...fileSteps].map((each) => each.name)

/** No fault anywhere. */
export const noFailpoint: Failpoint = () => undefined

type Action =
  | { readonly kind: 'off' | 'kill' | 'stop' }
  | { readonly kind: 'error'; readonly code: string }
  | { readonly kind: 'delay'; readonly ms: number }

interface Term {
  readonly action: Action
  /** How often it is done before the next term has its turn. */
  times: number
}

const termShape = /^(?:(\d+)\*)?(?:(off|kill|stop)|error\(([A-Z][A-Z0-9_]*)\)|delay\((\d+)\))$/

function parseTerm(text: string): Term {
  const match = termShape.exec(text.trim())
  if (match === null) throw new LifecycleError('failpoint-invalid', `"${text}" is not the action of a failpoint`)
  const [, times, word, code, ms] = match
  const action: Action =
    code !== undefined
      ? { kind: 'error', code }
      : ms !== undefined
        ? { kind: 'delay', ms: Number(ms) }
        : { kind: word === 'kill' || word === 'stop' ? word : 'off' }
  return { action, times: times === undefined ? Number.POSITIVE_INFINITY : Number(times) }
}

function perform(name: string, action: Action): void {
  switch (action.kind) {
    case 'off':
      return
    case 'kill':
      process.kill(process.pid, 'SIGKILL')
      // The signal is delivered before this call returns to JavaScript; if not, nothing more may happen here.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      return
    case 'stop':
      process.kill(process.pid, 'SIGSTOP')
      return
    case 'delay':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, action.ms)
      return
    case 'error':
      throw Object.assign(new Error(`${action.code}: failpoint ${name}`), { code: action.code, syscall: 'failpoint' })
  }
}

/**
 * Faults from a text such as `claim.locked=kill;publish.bound=2*delay(500)->error(ENOSPC)`.
 * A term with a count gives way to the next one when it is used up; after the last nothing happens.
 * `known` guards against names that no code passes. Throws `failpoint-invalid`. Empty or undefined: no faults.
 */
export function parseFailpoints(text: string | undefined, known: readonly string[] = failpointNames): Failpoint {
  if (text === undefined || text.trim() === '') return noFailpoint
  const points = new Map<string, Term[]>()
  for (const part of text.split(';').filter((each) => each.trim() !== '')) {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(0, at)).trim()
    if (!known.includes(name)) {
      throw new LifecycleError('failpoint-invalid', `there is no failpoint "${name}" (in "${part}")`)
    }
    points.set(
      name,
      part
        .slice(at + 1)
        .split('->')
        .map(parseTerm),
    )
  }
  return (name) => {
    const term = points.get(name)?.find((each) => each.times > 0)
    if (term === undefined) return
    term.times -= 1
    perform(name, term.action)
  }
}
