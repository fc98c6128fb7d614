// `npm run bench`: every row of the table, or those whose name contains a word that was given.
import { type Figure, type Row } from './row.ts'
import { commandRows } from './rows/commands.ts'
import { daemonRows } from './rows/daemon.ts'
import { keeperRows } from './rows/keeper.ts'
import { mcpRows } from './rows/mcp.ts'
import { peerRows } from './rows/peer.ts'

const rows: readonly Row[] = [...peerRows, ...keeperRows, ...daemonRows, ...mcpRows, ...commandRows]
const words = process.argv.slice(2)
const widths = [46, 26, 26, 12, 14, 4]

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join(' ')
    .trimEnd()
}

function verdict({ isMet }: Figure): string {
  if (isMet === null) return ''
  return isMet ? 'ok' : 'MISS'
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n')[0] ?? ''
}

let missed = 0
console.log(line(['', 'measured p50', 'floor p50', 'result', 'goal', '']))
for (const row of rows) {
  if (words.length > 0 && !words.some((word) => row.name.includes(word))) continue
  try {
    const figure = await row.measure()
    if (figure.isMet === false) missed++
    console.log(line([row.name, figure.measured, figure.floor, figure.result, figure.goal, verdict(figure)]))
  } catch (error) {
    missed++
    console.log(line([row.name, `FAILED: ${firstLine(error)}`]))
  }
}
console.log(missed === 0 ? 'every goal is met' : `${missed} of the goals are missed`)
process.exitCode = missed === 0 ? 0 : 1
