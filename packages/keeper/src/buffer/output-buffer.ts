// The output of one child that nobody has acknowledged yet, addressed by byte offset from the child's first byte.
// Nothing is dropped or reordered; what is acknowledged is freed. Whether to read on when it is full is the reader's business.
// A lone or large read is kept as it came; small ones are copied together, so that a child that writes byte by byte costs bytes.

interface Block {
  readonly start: number
  readonly bytes: Buffer
  used: number
}

/** From here on a read is kept by reference. */
const keepWholeBytes = 8 * 1024
const firstBlockBytes = 4 * 1024
const blockBytes = 64 * 1024
const compactAfter = 64

export class OutputBuffer {
  readonly limitBytes: number
  #blocks: Block[] = []
  /** Index of the first block that is still needed; those before it are gone. */
  #head = 0
  #acked = 0
  #end = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get ackedOffset(): number {
    return this.#acked
  }

  get endOffset(): number {
    return this.#end
  }

  get heldBytes(): number {
    return this.#end - this.#acked
  }

  get isFull(): boolean {
    return this.heldBytes >= this.limitBytes
  }

  /** Takes over `bytes`: the caller must not change them afterwards. */
  append(bytes: Buffer): void {
    if (bytes.length === 0) return
    const tail = this.#blocks.at(-1)
    if (bytes.length >= keepWholeBytes || tail === undefined) {
      this.#blocks.push({ start: this.#end, bytes, used: bytes.length })
    } else if (tail !== undefined && tail.bytes.length - tail.used >= bytes.length) {
      bytes.copy(tail.bytes, tail.used)
      tail.used += bytes.length
    } else {
      this.#pushCopy(bytes, this.#blocks.length === 1 ? firstBlockBytes : blockBytes)
    }
    this.#end += bytes.length
  }

  /** The bytes from `offset` on, at most `maxBytes`, as far as they lie together in memory; empty at the end. No copy is made. */
  read(offset: number, maxBytes: number): Buffer {
    if (offset < this.#acked || offset > this.#end) {
      throw new RangeError(`offset ${offset} is outside of ${this.#acked} to ${this.#end}`)
    }
    const block = this.#blocks[this.#find(offset)]
    if (block === undefined) return Buffer.alloc(0)
    const from = offset - block.start
    return block.bytes.subarray(from, Math.min(block.used, from + maxBytes))
  }

  /** Frees what lies before `offset`. An offset that was acknowledged before changes nothing, one past the end acknowledges all. */
  free(offset: number): void {
    const to = Math.min(offset, this.#end)
    if (to <= this.#acked) return
    this.#acked = to
    if (to === this.#end) {
      this.#blocks = []
      this.#head = 0
      return
    }
    for (;;) {
      const block = this.#blocks[this.#head]
      if (block === undefined || block.start + block.used > to) break
      this.#head += 1
    }
    if (this.#head < compactAfter || this.#head * 2 < this.#blocks.length) return
    this.#blocks = this.#blocks.slice(this.#head)
    this.#head = 0
  }

  /** Memory that is held, freed blocks of the front included. For tests and diagnostics. */
  get allocatedBytes(): number {
    return this.#blocks.slice(this.#head).reduce((sum, block) => sum + block.bytes.length, 0)
  }

  #pushCopy(bytes: Buffer, size: number): void {
    const block = { start: this.#end, bytes: Buffer.allocUnsafeSlow(Math.max(size, bytes.length)), used: bytes.length }
    bytes.copy(block.bytes, 0)
    this.#blocks.push(block)
  }

  /** Index of the block that holds `offset`, or past the last one. */
  #find(offset: number): number {
    let low = this.#head
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const block = this.#blocks[middle]
      if (block !== undefined && block.start + block.used <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
