// The names of asks and sessions: a letter, the time and a number, in base 32, so that they sort by age and are typed easily.
// Invariant: an id is never given twice, also not when the clock goes back: each is greater than the one before.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const timeDigits = 9
const tailDigits = 4
const tailSpan = 32 ** tailDigits

function digits(value: number, count: number): string {
  let text = ''
  let rest = value
  for (let index = 0; index < count; index += 1) {
    text = (alphabet[rest % 32] ?? '0') + text
    rest = Math.floor(rest / 32)
  }
  return text
}

function numberOf(text: string): number {
  let value = 0
  for (const digit of text) value = value * 32 + Math.max(0, alphabet.indexOf(digit))
  return value
}

export interface IdSource {
  wallMs(): number
  /** In [0, 1). */
  random(): number
}

export class Ids {
  readonly #prefix: string
  readonly #source: IdSource
  #time = 0
  #tail = 0

  constructor(prefix: string, source: IdSource) {
    this.#prefix = prefix
    this.#source = source
  }

  /** From here on every id is greater than this one (the greatest in the store). */
  startAfter(id: string): void {
    const body = id.slice(this.#prefix.length + 1)
    const time = numberOf(body.slice(0, timeDigits))
    const tail = numberOf(body.slice(timeDigits))
    if (time < this.#time || (time === this.#time && tail <= this.#tail)) return
    this.#time = time
    this.#tail = tail
  }

  next(): string {
    const now = Math.floor(this.#source.wallMs())
    if (now > this.#time) {
      this.#time = now
      // The upper half stays free for the ids that follow within the same millisecond.
      this.#tail = Math.floor((this.#source.random() * tailSpan) / 2)
    } else {
      this.#tail += 1
      if (this.#tail >= tailSpan) {
        this.#time += 1
        this.#tail = 0
      }
    }
    return `${this.#prefix}-${digits(this.#time, timeDigits)}${digits(this.#tail, tailDigits)}`
  }
}
