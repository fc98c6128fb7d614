// How this daemon was started: its arguments over its environment. The only reader of the process's environment in this package.
import { DaemonError } from '../errors.ts'

export type Variables = Readonly<Record<string, string | undefined>>

export interface DaemonStart {
  readonly scope: string
  /** The app whose link keeps this daemon alive; null: it is nobody's. */
  readonly owner: string | null
  /** Leave after so long without clients and work; null: never. */
  readonly idleMs: number | null
  /** It was asked for by somebody who knows of the crashes before: it serves in spite of them. */
  readonly isForgiven: boolean
  /** In the words of the kernel's failpoints; for tests. */
  readonly failpoints: string | undefined
  /** Everything, for folders, the starter's words and references in the configuration. */
  readonly variables: Variables
}

const defaultIdleMs = 15 * 60 * 1000

/**
 * `--scope NAME`, `--owner APP`, `--idle-ms N|never`, `--forgiven`; or HOLDFAST_SCOPE, HOLDFAST_OWNER, HOLDFAST_IDLE_MS.
 * Throws `start-invalid`.
 */
export function readStart(args: readonly string[], variables: Variables = process.env): DaemonStart {
  const given = readArguments(args)
  const idle = given.idle ?? (variables['HOLDFAST_IDLE_MS'] || undefined)
  return {
    scope: given.scope ?? (variables['HOLDFAST_SCOPE'] || 'default'),
    owner: given.owner ?? (variables['HOLDFAST_OWNER'] || null),
    idleMs: idle === undefined ? defaultIdleMs : idleOf(idle),
    isForgiven: given.forgiven,
    failpoints: variables['HOLDFAST_FAILPOINTS'],
    variables,
  }
}

interface Given {
  readonly scope: string | undefined
  readonly owner: string | undefined
  readonly idle: string | undefined
  readonly forgiven: boolean
}

function readArguments(args: readonly string[]): Given {
  // Not imported: its namespace would load much that is never used.
  const { parseArgs } = process.getBuiltinModule('node:util')
  const text = { type: 'string' } as const
  try {
    const forgiven = { type: 'boolean', default: false } as const
    const options = { scope: text, owner: text, 'idle-ms': text, forgiven }
    const { values } = parseArgs({ args: [...args], options })
    return { scope: values.scope, owner: values.owner, idle: values['idle-ms'], forgiven: values.forgiven }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new DaemonError('start-invalid', error.message, { cause: error })
  }
}

function idleOf(text: string): number | null {
  if (text === 'never') return null
  const idleMs = Number(text)
  if (Number.isSafeInteger(idleMs) && idleMs > 0) return idleMs
  throw new DaemonError('start-invalid', `the idle time is "${text}", which is no whole number of milliseconds`)
}
