// `holdfast ask-status ID`.
import { getAsk } from '@holdfast/protocol'
import type { Run } from '../command.ts'
import { renderAsk } from '../render/ask.ts'

export const run: Run = async ({ words, out, link, signal }) => {
  const ask = await (await link()).request(getAsk, { id: words[0] ?? '' }, { signal, isIdempotent: true })
  out.result(ask, () => renderAsk(ask, Date.now()))
}
