// Waits for an ask to become final, and passes its text on as it grows. A caller that reads slowly is sent no more until it has
// read; nobody else notices.
import type { Ask } from '@holdfast/protocol'
import { DaemonError } from '../errors.ts'
import type { AskBook } from './book.ts'

export interface WaitOptions {
  readonly signal: AbortSignal
  /** Where to begin; null: no text is wanted. */
  readonly from: number | null
  /** Passes a piece on; resolves when more may be sent. */
  send(offset: number, text: string): Promise<void>
}

/** In UTF-16 units, so that no notice comes near the limit of a frame. */
const pieceLimit = 64 * 1024

/** A piece of at most the limit that does not end inside of a surrogate pair. */
function firstPiece(text: string, limit: number = pieceLimit): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit)
}

function changeOf(book: AskBook, id: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const open = book.open(id)
    if (open === undefined) return resolve()
    const finish = (): void => {
      stop()
      signal.removeEventListener('abort', finish)
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('the caller is gone'))
      else resolve()
    }
    const stop = open.onChange(finish)
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}

export function unknownAsk(id: string): DaemonError {
  return new DaemonError('ask-unknown', `there is no ask "${id.slice(0, 100)}"`)
}

export async function waitForAsk(book: AskBook, id: string, options: WaitOptions): Promise<Ask> {
  let cursor = options.from ?? 0
  const pass = async (text: string): Promise<void> => {
    const piece = firstPiece(text)
    await options.send(cursor, piece)
    cursor += piece.length
  }
  for (;;) {
    options.signal.throwIfAborted()
    const open = book.open(id)
    if (open === undefined) break
    const text = options.from === null ? null : open.textFrom(cursor)
    if (text === null || text === '') await changeOf(book, id, options.signal)
    else await pass(text)
  }
  const record = await book.record(id)
  if (record === null) throw unknownAsk(id)
  const reply = await book.reply(id)
  while (options.from !== null && cursor < reply.length) await pass(reply.slice(cursor, cursor + pieceLimit + 1))
  return book.view(record, reply)
}
