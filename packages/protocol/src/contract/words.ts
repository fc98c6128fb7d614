// Shapes that several services share.
import * as v from 'valibot'

/** Names that become part of paths and keys: nothing that could leave its folder. */
export const Name = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name has 1 to 64 letters, digits, dots, dashes or underscores'),
)

export const Empty = v.object({})

export const ErrorInfo = v.object({
  code: v.string(),
  kind: v.picklist([
    'usage',
    'missing',
    'unavailable',
    'conflict',
    'incompatible',
    'timeout',
    'denied',
    'failed',
    'internal',
  ]),
  message: v.string(),
  hint: v.optional(v.string()),
  retryable: v.optional(v.boolean()),
})
export type ErrorInfo = v.InferOutput<typeof ErrorInfo>
