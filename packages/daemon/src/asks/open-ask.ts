// An ask that is not final, in memory: its record, and its text in pieces as they lie in the store.
// Invariant (17): the text is bounded; what is left out is said.
import type { AskRecord } from './record.ts'

export interface Piece {
  readonly offset: number
  readonly text: string
}

/** In UTF-16 units. */
const replyLimit = 16 * 1024 * 1024

export class OpenAsk {
  record: AskRecord
  readonly #pieces: Piece[]
  #length: number
  isCut = false
  readonly #listeners = new Set<() => void>()

  constructor(record: AskRecord, pieces: readonly Piece[] = []) {
    this.record = record
    this.#pieces = [...pieces]
    this.#length = pieces.reduce((sum, piece) => sum + piece.text.length, 0)
  }

  get length(): number {
    return this.#length
  }

  get offsets(): number[] {
    return this.#pieces.map((piece) => piece.offset)
  }

  /** What of `text` still has room. */
  fit(text: string, length: number): string {
    return length + text.length <= replyLimit ? text : text.slice(0, Math.max(0, replyLimit - length))
  }

  append(piece: Piece): void {
    this.#pieces.push(piece)
    this.#length += piece.text.length
  }

  text(): string {
    return this.#pieces.map((piece) => piece.text).join('')
  }

  /** The text of one piece from `offset` on, or null when there is none yet. */
  textFrom(offset: number): string | null {
    if (offset >= this.#length) return null
    let low = 0
    let high = this.#pieces.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#pieces[middle]?.offset ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    const piece = this.#pieces[low]
    return piece === undefined ? null : piece.text.slice(offset - piece.offset)
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
