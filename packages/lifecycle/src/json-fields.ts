// Reads one JSON object that came from a file or a socket, field by field; anything unexpected makes the whole null.

/** An object whose fields are not trusted yet. */
export type Fields = Readonly<Record<string, unknown>>

/** The object in `text`, or null when it is no JSON object or is larger than `limitBytes`. */
export function parseObject(text: string, limitBytes: number): Fields | null {
  if (Buffer.byteLength(text) > limitBytes) return null
  try {
    return asObject(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** `value` as an object with own fields only, or null. */
export function asObject(value: unknown): Fields | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null
  return Object.assign(Object.create(null) as Record<string, unknown>, value)
}

/** A string of 1 to `limit` characters, or null. */
export function asText(value: unknown, limit = 4096): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= limit ? value : null
}

/** A whole number from `min` to 2^53 - 1, or null. */
export function asWhole(value: unknown, min = 0): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min ? value : null
}

/** One of `words`, or null. */
export function asWord<W extends string>(value: unknown, words: readonly W[]): W | null {
  return words.find((word) => word === value) ?? null
}

const name = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A name that may become a file name (never `.`, `..`, or with a slash), or null. */
export function asName(value: unknown): string | null {
  return typeof value === 'string' && name.test(value) ? value : null
}
