// The asks that are not final, by session and in order, and the way to those that are. What is in here is also in the store:
// memory follows each commit, never runs ahead of it.
import type { Ask } from '@holdfast/protocol'
import * as v from 'valibot'
import type { Op, Store } from '../store/api.ts'
import { OpenAsk } from './open-ask.ts'
import { planChanges, type AskChange, type AskOutcome } from './plan.ts'
import { AskRecord, buckets, PromptRecord, TextRecord, toAsk } from './record.ts'
import { isFinal } from './transition.ts'

export interface BookOptions {
  readonly store: Store
  wallMs(): number
  /** After an ask became final, durably. */
  onFinal(record: AskRecord): void
}

function placeOf(queue: readonly string[], id: string): number {
  let low = 0
  let high = queue.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((queue[middle] ?? '') < id) low = middle + 1
    else high = middle
  }
  return low
}

export class AskBook {
  readonly #options: BookOptions
  readonly #open = new Map<string, OpenAsk>()
  /** Ids by session, oldest first; ids sort by age. */
  readonly #queues = new Map<string, string[]>()

  constructor(options: BookOptions) {
    this.#options = options
  }

  get openCount(): number {
    return this.#open.size
  }

  open(id: string): OpenAsk | undefined {
    return this.#open.get(id)
  }

  /** Sessions with an ask that is not final. */
  sessions(): Set<string> {
    return new Set([...this.#open.values()].map((open) => open.record.sessionId))
  }

  counts(): { queued: number; running: number } {
    const queued = [...this.#queues.values()].reduce((sum, queue) => sum + queue.length, 0)
    return { queued, running: this.#open.size - queued }
  }

  /** An ask that is durable: accepted now, or found after a restart. */
  add(open: OpenAsk): void {
    this.#open.set(open.record.id, open)
    if (open.record.state === 'queued') this.#enqueue(open.record)
  }

  waiting(session: string): readonly string[] {
    return this.#queues.get(session) ?? []
  }

  async prompt(id: string): Promise<string> {
    const rec = await this.#options.store.get(buckets.prompt, id)
    if (rec === null) throw new Error(`the prompt of ask ${id} is not in the store`)
    return v.parse(PromptRecord, rec.value).text
  }

  plan(changes: readonly AskChange[]): { ops: readonly Op[]; apply(): void } {
    const now = new Date(this.#options.wallMs()).toISOString()
    const { ops, outcomes } = planChanges(changes, (id) => this.#open.get(id), now)
    return { ops, apply: () => outcomes.forEach((outcome) => this.#apply(outcome)) }
  }

  #apply({ open, record, piece, isCut }: AskOutcome): void {
    const before = open.record
    open.record = record
    open.isCut ||= isCut
    if (piece !== null) open.append(piece)
    if (before.state === 'queued' && record.state !== 'queued') this.#dequeue(before)
    if (before.state !== 'queued' && record.state === 'queued') this.#enqueue(record)
    if (isFinal(record.state)) {
      this.#open.delete(record.id)
      this.#options.onFinal(record)
    }
    open.changed()
  }

  #enqueue(record: AskRecord): void {
    const queue = this.#queues.get(record.sessionId) ?? []
    this.#queues.set(record.sessionId, queue)
    queue.splice(placeOf(queue, record.id), 0, record.id)
  }

  #dequeue(record: AskRecord): void {
    const queue = this.#queues.get(record.sessionId) ?? []
    const at = placeOf(queue, record.id)
    if (queue[at] === record.id) queue.splice(at, 1)
    if (queue.length === 0) this.#queues.delete(record.sessionId)
  }

  /** 1 is the next one. */
  #position(record: AskRecord): number | null {
    return record.state === 'queued' ? placeOf(this.waiting(record.sessionId), record.id) + 1 : null
  }

  /** The ask as it is now, without its text. */
  view(record: AskRecord, reply: string | null = null): Ask {
    return toAsk(record, { reply, position: this.#position(record) })
  }

  async record(id: string): Promise<AskRecord | null> {
    const open = this.#open.get(id)
    if (open !== undefined) return open.record
    const rec = await this.#options.store.get(buckets.ask, id)
    return rec === null ? null : v.parse(AskRecord, rec.value)
  }

  /** The whole text of a final ask. */
  async reply(id: string): Promise<string> {
    const rec = await this.#options.store.get(buckets.reply, id)
    return rec === null ? '' : v.parse(TextRecord, rec.value).text
  }
}
