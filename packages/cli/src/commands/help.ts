// `holdfast help [COMMAND...]`: the same text as --help.
import { globalFlags } from '../command-flags.ts'
import type { Command, Run } from '../command.ts'
import { CliError } from '../errors.ts'
import { helpOf, helpOfAll, helpOfGroup } from '../help.ts'
import { didYouMean } from '../suggest.ts'

export const run: Run = async ({ words, commands, out }) => {
  const table = { commands, globals: globalFlags }
  const name = words.join(' ')
  const command = commands.find((each) => each.words.join(' ') === name)
  if (command !== undefined) out.result(describe(command), () => helpOf(command, globalFlags, out.paint))
  else if (words.length === 0) out.result(commands.map(describe), () => helpOfAll(table, out.paint))
  else if (commands.some((each) => each.words[0] === name)) {
    const members = commands.filter((each) => each.words[0] === name)
    out.result(members.map(describe), () => helpOfGroup(name, table, out.paint))
  } else {
    const known = commands.map((each) => each.words.join(' '))
    throw new CliError('unknown-command', `there is no command "${name}"${didYouMean(name, known)}`)
  }
}

/** The row without what runs it. */
function describe({ words, group, summary, about, arguments: taken, flags, examples }: Command): unknown {
  return { words, group, summary, about, arguments: taken, flags, examples }
}
