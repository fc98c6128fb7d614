import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { referencePages } from './reference.ts'

it.each([...referencePages()])('docs/%s is what the code says (write it anew with `npm run docs`)', (name, text) => {
  const written = readFileSync(join(import.meta.dirname, '../docs', name), 'utf8')
  expect(written).toBe(text)
})
