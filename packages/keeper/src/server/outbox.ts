// Passes the output of children on to one connection, as fast as it takes it and no faster. Children take turns; a child's end is
// told after its last byte. Output comes from the buffers, so that what a lost connection did not deliver is still there.
import type { HeldChild } from '../children/held-child.ts'
import type { ChildExit } from '../api.ts'
import { encodeOutput, maxOutputBytes, type Pieces } from '../wire/messages.ts'

export interface OutboxPort {
  /** False: wait for `resume`. */
  write(pieces: Pieces): boolean
  end(stream: number, exit: ChildExit | null): void
}

interface Attachment {
  readonly child: HeldChild
  readonly stream: number
  sentOffset: number
  /** What was told of its end. */
  told: 'nothing' | 'closed' | 'exit'
}

export class Outbox {
  readonly #port: OutboxPort
  readonly #attachments = new Map<HeldChild, Attachment>()
  #isBlocked = false

  constructor(port: OutboxPort) {
    this.#port = port
  }

  /** Sends everything from `fromOffset` on. A second attachment of a child replaces the first. */
  attach(child: HeldChild, stream: number, fromOffset: number): void {
    const attachment: Attachment = { child, stream, sentOffset: fromOffset, told: 'nothing' }
    this.#attachments.delete(child)
    this.#attachments.set(child, attachment)
    child.listener = {
      output: (offset, bytes) => this.#output(attachment, offset, bytes),
      announced: () => this.#tellEnd(attachment),
    }
    this.#pump()
  }

  /** The connection takes bytes again. */
  resume(): void {
    this.#isBlocked = false
    this.#pump()
  }

  /** Takes its hands off the children: the connection is gone, or another one commands. */
  close(): void {
    for (const { child } of this.#attachments.values()) child.listener = null
    this.#attachments.clear()
  }

  /** The way of nearly all output: what was just read goes out as it is. */
  #output(attachment: Attachment, offset: number, bytes: Buffer): void {
    if (this.#isBlocked || attachment.sentOffset !== offset) return
    for (let at = 0; at < bytes.length && !this.#isBlocked; at += maxOutputBytes) {
      this.#send(attachment, bytes.subarray(at, at + maxOutputBytes))
    }
  }

  /** One piece of each child in turn, until all is sent or the connection is full. */
  #pump(): void {
    let isProgress = true
    while (isProgress && !this.#isBlocked) {
      isProgress = false
      for (const attachment of this.#attachments.values()) {
        if (this.#isBlocked) return
        const { child, sentOffset } = attachment
        // Acknowledged by way of another attachment.
        attachment.sentOffset = Math.max(sentOffset, child.output.ackedOffset)
        const bytes = child.output.read(attachment.sentOffset, maxOutputBytes)
        if (bytes.length > 0) {
          this.#send(attachment, bytes)
          isProgress = true
        } else this.#tellEnd(attachment)
      }
    }
  }

  #send(attachment: Attachment, bytes: Buffer): void {
    const pieces = encodeOutput(attachment.stream, attachment.sentOffset, bytes)
    attachment.sentOffset += bytes.length
    this.#isBlocked = !this.#port.write(pieces)
  }

  #tellEnd(attachment: Attachment): void {
    const { child, sentOffset, told, stream } = attachment
    const { announcement } = child
    if (announcement === 'none' || sentOffset !== child.output.endOffset || told === 'exit') return
    if (announcement === 'closed') {
      if (told === 'closed') return
      attachment.told = 'closed'
      this.#port.end(stream, null)
    } else {
      attachment.told = 'exit'
      this.#port.end(stream, announcement)
    }
  }
}
