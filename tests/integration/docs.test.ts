// The commands in the tutorial and the how-to pages work as they are written, one after the other.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLines, wordsOf } from '../rig/docs-commands.ts'
import { Holdfast, root } from '../rig/holdfast.ts'

it.each(['docs/tutorial/first-steps.md', 'docs/how-to/README.md'])('%s', { timeout: 300_000 }, async (page) => {
  const holdfast = new Holdfast()
  for (const line of commandLines(readFileSync(join(root, page), 'utf8'))) {
    const ran = await holdfast.run(wordsOf(line).slice(1))
    expect(ran, `${line}\n${ran.stdout}${ran.stderr}`).toMatchObject({ code: 0 })
  }
})
