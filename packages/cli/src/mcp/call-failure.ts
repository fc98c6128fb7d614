// The JSON-RPC error that a call was answered with, as an error of the command line.
import { CliError } from '../errors.ts'
import type { Target } from './target.ts'

export function callFailure({ server, tool }: Target, error: unknown): CliError {
  const message = textOf(error, 'message') ?? JSON.stringify(error)
  const data = fieldOf(error, 'data')
  const hint = textOf(fieldOf(data, 'holdfast'), 'hint')
  const code = fieldOf(error, 'code')
  const number = typeof code === 'number' && hint === undefined ? ` (${code})` : ''
  return new CliError('mcp-failed', `${server}.${tool}: ${message}${number}`, hint)
}

function fieldOf(value: unknown, key: string): unknown {
  return value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined
}

function textOf(value: unknown, key: string): string | undefined {
  const field = fieldOf(value, key)
  return typeof field === 'string' ? field : undefined
}
