// Cuts an agent's output into lines that know their offset, in linear time and bounded memory: a line over the limit is left
// out piece by piece instead of being collected. Bytes are framed before they are decoded.
import type { SessionInput } from './advance.ts'

type LineEvent = Extract<SessionInput, { kind: 'line' | 'skipped' }>

const newline = 0x0a

export class OffsetLines {
  readonly #limitBytes: number
  readonly #take: (event: LineEvent) => void
  #parts: Buffer[] = []
  #heldBytes = 0
  #offset: number
  #isSkipping: boolean

  constructor(start: { offset: number; isSkipping: boolean }, limitBytes: number, take: (event: LineEvent) => void) {
    this.#offset = start.offset
    this.#isSkipping = start.isSkipping
    this.#limitBytes = limitBytes
    this.#take = take
  }

  /** `offset` is that of the first byte; bytes that were seen already are passed over. */
  push(offset: number, bytes: Buffer): void {
    let rest = bytes.subarray(Math.min(bytes.length, Math.max(0, this.#offset - offset)))
    while (rest.length > 0) {
      const at = rest.indexOf(newline)
      const piece = at < 0 ? rest : rest.subarray(0, at + 1)
      this.#offset += piece.length
      this.#add(piece, at >= 0)
      rest = rest.subarray(piece.length)
    }
  }

  #add(piece: Buffer, isEnd: boolean): void {
    if (!this.#isSkipping && this.#heldBytes + piece.length <= this.#limitBytes) {
      this.#parts.push(piece)
      this.#heldBytes += piece.length
      if (!isEnd) return
      const text = Buffer.concat(this.#parts, this.#heldBytes).toString('utf8')
      this.#reset()
      this.#take({ kind: 'line', end: this.#offset, text })
      return
    }
    this.#reset()
    this.#isSkipping = !isEnd
    this.#take({ kind: 'skipped', end: this.#offset, isOpen: !isEnd })
  }

  #reset(): void {
    this.#parts = []
    this.#heldBytes = 0
  }
}
