// Finds the id and the kind of a JSON-RPC message that is too large to keep, while its bytes go by and are thrown away.
// Linear, constant memory, and only as exact as the sender's JSON is: a message that cannot be understood has no id.

export type MessageId = string | number

export type MessageKind = 'request' | 'response' | 'unknown'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPENING = new Set([0x7b, 0x5b])
const CLOSING = new Set([0x7d, 0x5d])
/** A member of the outermost object that is longer than this is not an id. */
const MEMBER_LIMIT_BYTES = 300

export class MessageIdScanner {
  #depth = 0
  #inString = false
  #escaped = false
  /** The bytes, at depth 1, of the member that is being read. */
  #member: number[] = []
  #id: MessageId | undefined
  #kind: MessageKind = 'unknown'

  get id(): MessageId | undefined {
    return this.#id
  }

  get kind(): MessageKind {
    return this.#kind
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#inString) this.#inside(byte)
      else this.#outside(byte)
    }
  }

  #inside(byte: number): void {
    this.#keep(byte)
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) this.#inString = false
  }

  #outside(byte: number): void {
    if (OPENING.has(byte)) {
      this.#depth++
      return
    }
    if (CLOSING.has(byte)) {
      if (this.#depth === 1) this.#endMember()
      this.#depth--
      return
    }
    if (byte === COMMA && this.#depth === 1) {
      this.#endMember()
      return
    }
    if (byte === QUOTE) this.#inString = true
    this.#keep(byte)
  }

  #keep(byte: number): void {
    if (this.#depth === 1 && this.#member.length < MEMBER_LIMIT_BYTES) this.#member.push(byte)
  }

  #endMember(): void {
    const text = Buffer.from(this.#member).toString('utf8')
    this.#member = []
    const [, key, value] = /^\s*"(id|method|result|error)"\s*:\s*([^]*)$/.exec(text) ?? []
    if (key === 'method') this.#kind = 'request'
    else if (key === 'id') this.#id = parseId(value ?? '')
    else if (key !== undefined && this.#kind === 'unknown') this.#kind = 'response'
  }
}

function parseId(text: string): MessageId | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' || typeof value === 'number' ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
