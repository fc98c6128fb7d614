import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configJsonSchema } from './json-schema.ts'

const published = join(import.meta.dirname, '../../../../docs/reference/config.schema.json')

describe('the published JSON Schema', () => {
  it('is what the code checks; write it anew with `npm run docs`', () => {
    expect(JSON.parse(readFileSync(published, 'utf8'))).toEqual(configJsonSchema())
  })

  it('says what the check says', () => {
    expect(configJsonSchema()).toMatchObject({
      additionalProperties: false,
      properties: {
        agents: {
          propertyNames: { pattern: expect.any(String) },
          additionalProperties: { properties: { driver: { enum: ['acp', 'tui', 'exec'] } } },
        },
        mcpServers: { additionalProperties: { anyOf: [{ required: ['command'] }, { required: ['url'] }] } },
        services: {
          additionalProperties: {
            properties: { ready: { properties: { port: { type: 'integer', minimum: 1, maximum: 65_535 } } } },
          },
        },
      },
    })
  })
})
