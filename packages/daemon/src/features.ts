// The features of this daemon, in the order in which they recover and drain.
import { createAskFeature } from './ask-feature.ts'
import type { Feature } from './feature.ts'
import { createMcpFeature } from './mcp-feature.ts'
import type { Parts } from './parts.ts'
import { ownProgram } from './programs.ts'

export function createFeatures(parts: Parts): readonly Feature[] {
  return [createAskFeature(parts, { guide: ownProgram('guide') }), createMcpFeature({ ...parts, own: parts.variables })]
}
