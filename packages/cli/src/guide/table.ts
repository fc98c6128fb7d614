// The row of `holdfast agent guide`.
import type { Command } from '../command.ts'

export const guideCommands: readonly Command[] = [
  {
    words: ['agent', 'guide'],
    group: 'Looking closer',
    summary: 'Run the guide, the built-in agent, over stdin and stdout (ACP).',
    about:
      'The guide answers from the docs of Holdfast and needs no network. The daemon starts it by itself for `holdfast ask ' +
      'guide`; this command is for editors, and for trying out an ACP client. A prompt that begins with "take 5 seconds:" or ' +
      '"slowly:" is answered over that time, word by word; "repeat after me: ..." gives the text back; "how many prompts have ' +
      'you seen?" counts.',
    arguments: [],
    flags: [],
    examples: [],
    load: () => import('./command.ts'),
  },
]
