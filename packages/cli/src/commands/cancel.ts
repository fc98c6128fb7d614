// `holdfast cancel ID`.
import { cancelAsk } from '@holdfast/protocol'
import type { Run } from '../command.ts'

export const run: Run = async ({ words, out, link, signal }) => {
  const params = { id: words[0] ?? '', reason: 'cancelled by `holdfast cancel`' }
  const ask = await (await link()).request(cancelAsk, params, { signal, isIdempotent: true })
  out.result(ask, () => `ask ${ask.id} is ${ask.state}`)
}
