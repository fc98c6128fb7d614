// Asks for people.
import type { Ask } from '@holdfast/protocol'
import { age, formatDuration } from '../duration.ts'
import { cut, printable, table } from './table.ts'

export function renderAsk(ask: Ask, nowMs: number): string {
  const { timings } = ask
  const rows: [string, string | null][] = [
    ['id', ask.id],
    ['agent', `${ask.agent}, session ${ask.session}`],
    ['project', ask.project],
    ['state', ask.position === null ? ask.state : `${ask.state}, position ${ask.position}`],
    ['reason', ask.reason],
    ['certainty', ask.certainty],
    ['accepted', `${timings.acceptedAt} (${age(timings.acceptedAt, nowMs)} ago)`],
    ['took', tookOf(ask)],
    ['deadline', timings.deadlineAt],
    ['prompt', ask.prompt === undefined ? null : cut(printable(ask.prompt), 100)],
  ]
  const shown = rows.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(9)} ${value}`]))
  return ask.reply === null ? shown.join('\n') : `${shown.join('\n')}\n\n${ask.reply}`
}

function tookOf({ timings }: Ask): string | null {
  if (timings.endedAt === null) return null
  return formatDuration(Date.parse(timings.endedAt) - Date.parse(timings.startedAt ?? timings.acceptedAt))
}

export function renderAsks(asks: readonly Ask[], nowMs: number, isFiltered = false): string {
  if (asks.length === 0 && isFiltered) return 'No ask of this project is in that state.'
  if (asks.length === 0) return 'No asks in this project yet. `holdfast ask guide "What can you do?"` makes one.'
  return table(
    ['ID', 'AGENT', 'SESSION', 'STATE', 'AGE', 'PROMPT'],
    asks.map((ask) => [
      ask.id,
      ask.agent,
      ask.session,
      ask.state,
      age(ask.timings.acceptedAt, nowMs),
      cut(printable(ask.prompt ?? ''), 60),
    ]),
  )
}
