// `holdfast reply ID`: the answer alone, as it was given.
import { getAsk } from '@holdfast/protocol'
import { isFinal } from '../asks.ts'
import type { Run } from '../command.ts'
import { CliError } from '../errors.ts'

export const run: Run = async ({ words, out, link, signal }) => {
  const ask = await (await link()).request(getAsk, { id: words[0] ?? '' }, { signal, isIdempotent: true })
  if (!isFinal(ask)) throw new CliError('no-answer-yet', `ask ${ask.id} is ${ask.state}`, `holdfast wait ${ask.id}`)
  if (ask.reply === null) {
    throw new CliError(
      'ask-failed',
      `ask ${ask.id} has no answer: it is ${ask.state}${ask.reason === null ? '' : `, ${ask.reason}`}`,
    )
  }
  const { reply } = ask
  out.result(ask, () => reply)
  return ask.state === 'done' ? 0 : 1
}
