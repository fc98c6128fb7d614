import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { globalFlags } from '../../packages/cli/src/command-flags.ts'
import { commands } from '../../packages/cli/src/command-table.ts'
import { parse } from '../../packages/cli/src/parse.ts'
import { commandLines, commandMentions, wordsOf } from './docs-commands.ts'

const root = join(import.meta.dirname, '../..')
const pages = [
  'README.md',
  'CHANGELOG.md',
  'ARCHITECTURE.md',
  ...globSync('docs/{tutorial,how-to,explanation,adr}/*.md', { cwd: root }),
]
/** A command may be named without what it takes. */
const names = new Set(commands.flatMap(({ words }) => [words[0], words.join(' ')]))

it.each(pages)('every command in %s is one that there is', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  for (const line of [...commandLines(text), ...commandMentions(text)]) {
    const words = wordsOf(line).slice(1)
    if (names.has(words.join(' '))) continue
    expect(() => parse(words, { commands, globals: globalFlags }), line).not.toThrow()
  }
})
