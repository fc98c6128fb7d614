// A short name for a text: the same text has the same name on every machine, for ever.

/** The first `length` hex digits (at most 64) of the SHA-256 of a text. */
export function digest(text: string, length: number): string {
  // Not imported: the module's namespace would load much that is never used.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}
