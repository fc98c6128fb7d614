// The features of this daemon, in the order in which they recover and drain.
import type { Feature } from './feature.ts'
import type { Parts } from './parts.ts'

export function createFeatures(_parts: Parts): readonly Feature[] {
  return []
}
