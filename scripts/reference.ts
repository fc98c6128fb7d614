// The reference pages, made from what the code itself reads: the command table, the error tables, the config schema.
import { configJsonSchema } from '../packages/daemon/src/config/json-schema.ts'
import { daemonErrors } from '../packages/daemon/src/errors.ts'
import { mcpErrors } from '../packages/daemon/src/mcp/errors.ts'
import { globalFlags } from '../packages/cli/src/command-flags.ts'
import { commands } from '../packages/cli/src/command-table.ts'
import type { Command, Flag } from '../packages/cli/src/command.ts'
import { cliErrors, exitCodes } from '../packages/cli/src/errors.ts'
import { commandShape, flagShape } from '../packages/cli/src/help.ts'
import { keeperErrors } from '../packages/keeper/src/errors.ts'
import { lifecycleErrors } from '../packages/lifecycle/src/errors.ts'
import { protocolErrors } from '../packages/protocol/src/wire-error.ts'

const generated = (source: string): string => `<!-- Written by \`npm run docs\` from ${source}. Do not edit. -->`

/** Every page, by its path in docs/. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['reference/commands.md', commandPage()],
    ['reference/errors.md', errorPage()],
    ['reference/config.md', configPage()],
    ['reference/config.schema.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
  ])
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`
}

/** For a cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function tableOf(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n')
}

function commandPage(): string {
  const groups = [...new Set(commands.map(({ group }) => group))]
  return page([
    '# Commands',
    generated('the command table'),
    'Results go to standard output, progress and remarks to standard error. With `--json` standard output has one JSON document, or one per line for streams, and nothing else; an error is `{"error": {...}}`. Exit codes are in [errors](errors.md).',
    '## Flags of every command',
    flagTable(globalFlags),
    ...groups.flatMap((group) => [
      `## ${group}`,
      ...commands.filter((each) => each.group === group).flatMap(describeCommand),
    ]),
  ])
}

function describeCommand(command: Command): string[] {
  const { words, summary, about, arguments: taken, flags, examples } = command
  return [
    `### holdfast ${words.join(' ')}`,
    summary,
    ...(about === undefined ? [] : [about]),
    `\`\`\`text\nholdfast ${commandShape(command)}${flags.length > 0 ? ' [FLAGS]' : ''}\n\`\`\``,
    ...(taken.length === 0
      ? []
      : [
          tableOf(
            ['Argument', 'What it is'],
            taken.map(({ label, says }) => [`\`${label}\``, says]),
          ),
        ]),
    ...(flags.length === 0 ? [] : [flagTable(flags)]),
    ...(examples.length === 0
      ? []
      : [
          tableOf(
            ['Example', 'What it does'],
            examples.map(({ line, says }) => [`\`${line}\``, says]),
          ),
        ]),
  ]
}

function flagTable(flags: readonly Flag[]): string {
  return tableOf(
    ['Flag', 'What it does'],
    flags.map((flag) => [`\`${flagShape(flag)}\``, flag.says]),
  )
}

interface Row {
  readonly kind: string
  readonly fix?: string
  readonly hint?: string
  readonly retryable?: boolean
}

const tables: readonly { readonly title: string; readonly says: string; readonly rows: Record<string, Row> }[] = [
  { title: 'The command line', says: 'Raised before or beside the daemon.', rows: cliErrors },
  { title: 'The daemon', says: 'Asks, sessions, MCP, configuration, the store.', rows: daemonErrors },
  { title: 'The lifecycle kernel', says: 'Finding, starting, claiming and leaving.', rows: lifecycleErrors },
  { title: 'The protocol', says: 'Between two processes.', rows: protocolErrors },
  {
    title: 'MCP servers',
    says: 'Between the daemon and the MCP servers; hosts get them in `error.data.holdfast`.',
    rows: mcpErrors,
  },
  { title: 'The keeper', says: 'Between the daemon and the keeper.', rows: keeperErrors },
]

const meanings: readonly (readonly [string, string])[] = [
  ['0', 'It worked.'],
  ['1', 'The work failed: an ask without an answer, a config with problems, a process that could not be ended.'],
  ['2', 'Usage: an unknown command or flag, a value of the wrong shape, input that is no text.'],
  ['3', 'Not found: an agent, an ask, a server, a file.'],
  ['4', 'No daemon could be had, or access was denied.'],
  ['5', 'Incompatible: a Node that is too old, or a daemon of another protocol.'],
  ['6', 'Conflict: somebody else owns it, or it is not in that state.'],
  ['7', 'Time was over.'],
  ['70', 'A bug of Holdfast; the only case that prints a stack.'],
  ['130', 'Interrupted.'],
]

function errorPage(): string {
  const kinds = Object.entries(exitCodes).map(([kind, code]) => [`\`${kind}\``, String(code)])
  return page([
    '# Errors and exit codes',
    generated('the error tables'),
    'A message names the thing, the value that was received, and the fix. With `--json` an error is `{"error": {"code", "kind", "message", "hint", "retryable", "exitCode"}}`; scripts should look at `code`.',
    '## Exit codes',
    tableOf(['Code', 'Meaning'], meanings),
    '## Kinds',
    'The kind of an error decides the exit code.',
    tableOf(['Kind', 'Exit code'], kinds),
    ...tables.flatMap(({ title, says, rows }) => [
      `## ${title}`,
      says,
      tableOf(
        ['Code', 'Kind', 'A retry can help', 'What to do'],
        Object.entries(rows).map(([code, row]) => [
          `\`${code}\``,
          row.kind,
          row.retryable === true ? 'yes' : 'no',
          row.fix ?? row.hint ?? '-',
        ]),
      ),
    ]),
  ])
}

interface JsonSchema {
  readonly description?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly properties?: Record<string, JsonSchema>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

function configPage(): string {
  const schema = configJsonSchema() as JsonSchema
  return page([
    '# Configuration',
    generated('the schema that checks it'),
    'Two files are read, both JSON with comments and trailing commas: `config.json` (or `config.jsonc`) in the folder that `holdfast config path` shows, then `holdfast.json` (or `holdfast.jsonc`) of the project. Entries of the same name in the project win. `holdfast config check` names the file, line and fix of each problem; one wrong entry costs only itself. The [JSON Schema](config.schema.json) is what `holdfast config schema` prints.',
    ...Object.entries(schema.properties ?? {}).flatMap(([name, section]) => describeSection(name, section)),
  ])
}

function describeSection(name: string, section: JsonSchema): string[] {
  if (name === '$schema') return []
  const heading = [`## ${name}`, ...(section.description === undefined ? [] : [section.description])]
  const entry = section.additionalProperties
  if (entry === undefined || typeof entry === 'boolean') return [...heading, `A ${typeOf(section)}.`]
  const shapes = entry.anyOf ?? [entry]
  return [
    ...heading,
    ...shapes.flatMap((shape) => [
      ...(shapes.length > 1 ? [`With \`${shape.required?.join('`, `') ?? ''}\`:`] : []),
      fieldTable(shape),
    ]),
  ]
}

function fieldTable({ properties = {}, required = [] }: JsonSchema): string {
  return tableOf(
    ['Field', 'Type', 'Default', 'What it is'],
    Object.entries(properties).map(([name, field]) => [
      `\`${name}\`${required.includes(name) ? ' (needed)' : ''}`,
      typeOf(field),
      field.default === undefined ? '-' : `\`${JSON.stringify(field.default)}\``,
      field.description ?? '-',
    ]),
  )
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${String(each)}\``).join(', ')
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`
  if (schema.properties !== undefined)
    return `object of ${Object.keys(schema.properties)
      .map((name) => `\`${name}\``)
      .join(', ')}`
  return schema.type ?? 'anything'
}
