// The features of this daemon, in the order in which they recover and drain.
import { join } from 'node:path'
import { createAskFeature } from './ask-feature.ts'
import type { Feature } from './feature.ts'
import type { Parts } from './parts.ts'

/** The built-in agent is a program beside this one. */
const guide = {
  command: process.execPath,
  args: ['--max-semi-space-size=1', '--optimize-for-size', join(import.meta.dirname, 'guide.js')],
}

export function createFeatures(parts: Parts): readonly Feature[] {
  return [createAskFeature(parts, { guide })]
}
