// The one line that a started process writes to the pipe of whoever started it: ready, lost (another holds the claim) or
// failed. End of file without a line means that it died.
import { type Label, parseLabel } from './record.ts'
import { asName, asText, asWhole, parseObject } from './json-fields.ts'

/** How a start ended. */
export type Readiness =
  | { readonly kind: 'ready'; readonly epoch: number; readonly instance: string; readonly pid: number }
  | { readonly kind: 'lost'; readonly by: Label | null }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string | null }

export const readinessLimitBytes = 16_384

/** The line, with its newline. */
export function encodeReadiness(readiness: Readiness): string {
  return `${JSON.stringify({ holdfast: 1, ...readiness })}\n`
}

/** The readiness in a line, or null when it is none. */
export function parseReadiness(text: string): Readiness | null {
  const fields = parseObject(text, readinessLimitBytes)
  if (fields === null || fields['holdfast'] !== 1) return null
  switch (fields['kind']) {
    case 'ready': {
      const epoch = asWhole(fields['epoch'], 1)
      const instance = asName(fields['instance'])
      const pid = asWhole(fields['pid'], 1)
      return epoch === null || instance === null || pid === null ? null : { kind: 'ready', epoch, instance, pid }
    }
    case 'lost': {
      const by = fields['by'] ?? null
      return { kind: 'lost', by: by === null ? null : parseLabel(JSON.stringify(by)) }
    }
    case 'failed': {
      const code = asText(fields['code'], 128)
      const message = asText(fields['message'])
      return code === null || message === null ? null : { kind: 'failed', code, message, hint: asText(fields['hint']) }
    }
    default:
      return null
  }
}
