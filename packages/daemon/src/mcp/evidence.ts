// What a server left behind when it failed: the last lines of its stderr, and of its stdout what was no message.
import { tailFile } from '@holdfast/lifecycle'
import type { Child } from './child.ts'

const TAIL_BYTES = 2_000
const LINES = 5

/** To be put after an error's message; empty when there is nothing. */
export function evidenceOf(child: Child, logFile: string): string {
  const said = tailFile(logFile, TAIL_BYTES).trimEnd().split('\n').slice(-LINES).join('\n')
  const parts: string[] = []
  if (said !== '') parts.push(`\nIt wrote last:\n${said}`)
  if (child.noise.length > 0) parts.push(`\nOn its standard output, which is for MCP only:\n${child.noise.join('\n')}`)
  return parts.join('')
}
