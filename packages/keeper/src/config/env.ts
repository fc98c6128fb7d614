// How this keeper was started: its arguments over its environment. The only reader of the process's environment in this package.
import { KeeperError } from '../errors.ts'

export type Variables = Readonly<Record<string, string | undefined>>

export interface KeeperStart {
  readonly scope: string
  /** Of the daemon that started it: no older one may command it. 0 when unknown. */
  readonly epoch: number
  /** Leave after so long without a child and a daemon. */
  readonly idleMs: number
  /** Faults of the keeper only; those of the daemon have their own variable. */
  readonly failpoints: string | undefined
  readonly variables: Variables
}

const defaultIdleMs = 3000

/** `--scope NAME`, `--epoch N`, `--idle-ms N`. Throws `start-invalid`. */
export function readStart(args: readonly string[], variables: Variables = process.env): KeeperStart {
  const given = readArguments(args)
  return {
    scope: given.scope ?? (variables['HOLDFAST_SCOPE'] || 'default'),
    epoch: given.epoch === undefined ? 0 : wholeNumber('--epoch', given.epoch),
    idleMs: given['idle-ms'] === undefined ? defaultIdleMs : wholeNumber('--idle-ms', given['idle-ms']),
    failpoints: variables['HOLDFAST_KEEPER_FAILPOINTS'],
    variables,
  }
}

function readArguments(args: readonly string[]): Partial<Record<'scope' | 'epoch' | 'idle-ms', string>> {
  // Not imported: its namespace would load much that is never used.
  const { parseArgs } = process.getBuiltinModule('node:util')
  const text = { type: 'string' } as const
  try {
    return parseArgs({ args: [...args], options: { scope: text, epoch: text, 'idle-ms': text } }).values
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new KeeperError('start-invalid', error.message, { cause: error })
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new KeeperError('start-invalid', `${name} is "${text}", which is no whole number`)
}
