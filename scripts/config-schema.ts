// Writes docs/reference/config.schema.json from the schema that checks configuration files.
// Run as: node --conditions=source scripts/config-schema.ts
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configJsonSchema } from '../packages/daemon/src/config/json-schema.ts'

const file = join(import.meta.dirname, '../docs/reference/config.schema.json')
mkdirSync(dirname(file), { recursive: true })
writeFileSync(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
console.log(file)
