// `holdfast completion SHELL`.
import { globalFlags } from '../command-flags.ts'
import type { Run } from '../command.ts'
import { completionScript, type Shell } from '../completion.ts'

export const run: Run = async ({ words, commands, out }) => {
  const shell = words[0] as Shell
  const script = completionScript(shell, { commands, globals: globalFlags })
  out.result({ shell, script }, () => script)
}
