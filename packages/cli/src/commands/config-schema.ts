// `holdfast config schema`: the JSON Schema that is published with the docs.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Run } from '../command.ts'
import { docsFolder } from '../programs.ts'

export const run: Run = async ({ out }) => {
  const text = await readFile(join(docsFolder(), 'reference/config.schema.json'), 'utf8')
  out.result(JSON.parse(text), () => text)
}
