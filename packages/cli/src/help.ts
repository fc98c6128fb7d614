// Help, from the table.
import type { Command, Flag } from './command.ts'
import type { Paint } from './output.ts'
import { shapeOf, type Table } from './parse.ts'

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}

/** `-n, --lines N`. */
export function flagShape({ name, short, value }: Flag): string {
  const label = value === undefined ? '' : ` ${value.label}`
  return `${short === undefined ? '' : `-${short}, `}--${name}${label}`
}

/** `ask AGENT [PROMPT]`. */
export function commandShape({ words, arguments: taken }: Command): string {
  return [...words, ...taken.map(shapeOf)].join(' ')
}

export function helpOfAll({ commands, globals }: Table, paint: Paint): string {
  const lines = [
    'Holdfast holds AI coding agents and MCP servers:',
    'nothing started twice, nothing orphaned, nothing accepted is lost.',
    '',
    'usage: holdfast COMMAND [ARGUMENTS] [FLAGS]',
  ]
  for (const group of new Set(commands.map(({ group }) => group))) {
    const rows = commands.filter((each) => each.group === group)
    lines.push('', paint('bold', group), ...columns(rows.map((each) => [commandShape(each), each.summary])))
  }
  lines.push(
    '',
    paint('bold', 'Flags of every command'),
    ...columns(globals.map((flag) => [flagShape(flag), flag.says])),
  )
  return [...lines, '', 'New here? `holdfast tour` shows all of it in twenty seconds.'].join('\n')
}

export function helpOfGroup(group: string, { commands }: Table, paint: Paint): string {
  const rows = commands.filter(({ words }) => words[0] === group)
  return [paint('bold', `holdfast ${group}`), ...columns(rows.map((each) => [commandShape(each), each.summary]))].join(
    '\n',
  )
}

export function helpOf(command: Command, globals: readonly Flag[], paint: Paint): string {
  const { flags, arguments: taken, examples } = command
  const lines = [command.summary, ...(command.about === undefined ? [] : [command.about])]
  lines.push('', `usage: holdfast ${commandShape(command)}${flags.length > 0 ? ' [FLAGS]' : ''}`)
  if (taken.length > 0) {
    lines.push('', paint('bold', 'Arguments'), ...columns(taken.map((each) => [each.label, each.says])))
  }
  if (flags.length > 0) {
    lines.push('', paint('bold', 'Flags'), ...columns(flags.map((flag) => [flagShape(flag), flag.says])))
  }
  if (examples.length > 0) {
    lines.push('', paint('bold', 'Examples'), ...columns(examples.map(({ line, says }) => [line, says])))
  }
  return [...lines, '', `Flags of every command: ${globals.map(({ name }) => `--${name}`).join(' ')}`].join('\n')
}
