// Requests that wait for the keeper's answer, each with the schema that its result must fit.
import { encodeFrame } from '@holdfast/protocol'
import * as v from 'valibot'
import { isKeeperErrorCode, KeeperError } from '../errors.ts'
import {
  Answer,
  parseJson,
  type RequestName,
  type RequestParams,
  type RequestResult,
  requests,
  type Schema,
} from '../wire/control.ts'
import { frameType } from '../wire/messages.ts'

interface Pending {
  readonly settle: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export class PendingRequests {
  readonly #write: (frame: Buffer) => void
  readonly #pending = new Map<number, Pending>()
  #id = 0

  constructor(write: (frame: Buffer) => void) {
    this.#write = write
  }

  send<N extends RequestName>(name: N, params: RequestParams<N>): Promise<RequestResult<N>> {
    this.#id += 1
    const id = this.#id
    const schema: Schema<RequestResult<N>> = requests[name].result
    return new Promise((resolve, reject) => {
      const settle = (result: unknown): void => {
        const parsed = v.safeParse(schema, result)
        if (parsed.success) resolve(parsed.output)
        else
          reject(
            new KeeperError(
              'bad-message',
              `the keeper answered "${name}" with something else: ${parsed.issues[0].message}`,
            ),
          )
      }
      this.#pending.set(id, { settle, reject })
      this.#write(encodeFrame(frameType.request, JSON.stringify({ id, method: name, params })))
    })
  }

  answer(payload: Buffer): void {
    const parsed = v.safeParse(Answer, parseJson(payload))
    if (!parsed.success) return
    const answer = parsed.output
    const pending = this.#pending.get(answer.id)
    if (pending === undefined) return
    this.#pending.delete(answer.id)
    if (!('error' in answer)) return pending.settle(answer.result)
    const { code, message, hint } = answer.error
    const known = isKeeperErrorCode(code) ? code : 'keeper-bug'
    pending.reject(new KeeperError(known, message, hint === undefined ? {} : { hint }))
  }

  loseAll(error: KeeperError): void {
    const all = [...this.#pending.values()]
    this.#pending.clear()
    for (const { reject } of all) reject(error)
  }
}
