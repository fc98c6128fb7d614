// `npm run docs`: writes the reference pages. A unit test fails when they are stale.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { referencePages } from './reference.ts'

for (const [name, text] of referencePages()) {
  const path = join(import.meta.dirname, '../docs', name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  console.log(name)
}
