// Walks over JSON in bytes without building values: says where a value ends, or that it is not JSON. Linear, no recursion,
// bounded depth. What it accepts is what RFC 8259 accepts, so that bytes can be put into another message unread.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const DEPTH_LIMIT = 1000
const INVALID = -1

/** Bytes from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Member {
  readonly key: string
  readonly value: Span
}

const escapes = new Set(Buffer.from('"\\/bfnrt'))
const literals = ['true', 'false', 'null'].map((word) => Buffer.from(word))

export function skipSpace(json: Buffer, from: number): number {
  let at = from
  for (;;) {
    const byte = json[at]
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) return at
    at++
  }
}

/** The end of the value that begins at `from` (after white space), or -1. */
export function skipValue(json: Buffer, from: number): number {
  const open: number[] = []
  let at = skipSpace(json, from)
  for (;;) {
    const byte = json[at]
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (open.length >= DEPTH_LIMIT) return INVALID
      const close = byte + 2
      const inside = skipSpace(json, at + 1)
      if (json[inside] === close) {
        at = inside + 1
      } else {
        open.push(close)
        at = byte === OPEN_OBJECT ? skipKey(json, inside) : inside
        if (at === INVALID) return INVALID
        continue
      }
    } else {
      at = skipScalar(json, at)
      if (at === INVALID) return INVALID
    }
    at = leave(json, at, open)
    if (at === INVALID || open.length === 0) return at
  }
}

/** After a value: closes what ends here; returns where the next value begins, or the end when nothing is open. */
function leave(json: Buffer, from: number, open: number[]): number {
  let at = from
  while (open.length > 0) {
    at = skipSpace(json, at)
    const close = open[open.length - 1]
    if (json[at] === COMMA) {
      const next = skipSpace(json, at + 1)
      return close === CLOSE_OBJECT ? skipKey(json, next) : next
    }
    if (json[at] !== close) return INVALID
    open.pop()
    at++
  }
  return at
}

/** Over a key and its colon, to the value. */
function skipKey(json: Buffer, from: number): number {
  if (json[from] !== QUOTE) return INVALID
  const end = skipString(json, from)
  if (end === INVALID) return INVALID
  const colon = skipSpace(json, end)
  return json[colon] === COLON ? skipSpace(json, colon + 1) : INVALID
}

function skipScalar(json: Buffer, from: number): number {
  const byte = json[from]
  if (byte === QUOTE) return skipString(json, from)
  for (const word of literals) {
    if (word[0] === byte && word.compare(json, from, Math.min(from + word.length, json.length)) === 0)
      return from + word.length
  }
  return skipNumber(json, from)
}

function skipString(json: Buffer, from: number): number {
  for (let at = from + 1; at < json.length; at++) {
    const byte = json[at] ?? 0
    if (byte === QUOTE) return at + 1
    if (byte < 0x20) return INVALID
    if (byte === BACKSLASH) {
      const escape = json[++at] ?? 0
      if (escape === 0x75) {
        if (!areHex(json, at + 1)) return INVALID
        at += 4
      } else if (!escapes.has(escape)) return INVALID
    }
  }
  return INVALID
}

function areHex(json: Buffer, from: number): boolean {
  for (let at = from; at < from + 4; at++) {
    const byte = (json[at] ?? 0) | 0x20
    if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))) return false
  }
  return true
}

function skipDigits(json: Buffer, from: number): number {
  let at = from
  while ((json[at] ?? 0) >= 0x30 && (json[at] ?? 0) <= 0x39) at++
  return at
}

function skipNumber(json: Buffer, from: number): number {
  const first = json[from] === 0x2d ? from + 1 : from
  let at = skipDigits(json, first)
  if (at === first || (json[first] === 0x30 && at > first + 1)) return INVALID
  if (json[at] === 0x2e) {
    const fraction = skipDigits(json, at + 1)
    if (fraction === at + 1) return INVALID
    at = fraction
  }
  if (((json[at] ?? 0) | 0x20) === 0x65) {
    const sign = json[at + 1] === 0x2b || json[at + 1] === 0x2d ? at + 2 : at + 1
    const exponent = skipDigits(json, sign)
    if (exponent === sign) return INVALID
    at = exponent
  }
  return at
}

/** The members of the object in `span`, or null when it is no object or not JSON. */
export function membersOf(json: Buffer, span: Span): Member[] | null {
  let at = skipSpace(json, span.start)
  if (json[at] !== OPEN_OBJECT) return null
  const members: Member[] = []
  at = skipSpace(json, at + 1)
  if (json[at] === CLOSE_OBJECT) return skipSpace(json, at + 1) >= span.end ? members : null
  for (;;) {
    const start = skipKey(json, at)
    if (start === INVALID) return null
    const end = skipValue(json, start)
    if (end === INVALID) return null
    members.push({ key: keyOf(json, at), value: { start, end } })
    at = skipSpace(json, end)
    if (json[at] === CLOSE_OBJECT) return skipSpace(json, at + 1) >= span.end ? members : null
    if (json[at] !== COMMA) return null
    at = skipSpace(json, at + 1)
  }
}

function keyOf(json: Buffer, from: number): string {
  const end = skipString(json, from)
  const plain = json.toString('utf8', from + 1, end - 1)
  return plain.includes('\\') ? String(JSON.parse(`"${plain}"`)) : plain
}
