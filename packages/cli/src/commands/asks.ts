// `holdfast asks`.
import { AskState, listAsks } from '@holdfast/protocol'
import type { Run } from '../command.ts'
import { CliError } from '../errors.ts'
import { renderAsks } from '../render/ask.ts'
import { didYouMean } from '../suggest.ts'

export const run: Run = async ({ options, directory, out, link, signal }) => {
  if (options.number('limit') === 0) throw new CliError('bad-value', '--limit was given 0', 'give a number from 1 on')
  const states = options.text('state')?.split(',').map(readState)
  const { asks } = await (
    await link()
  ).request(
    listAsks,
    {
      limit: options.number('limit') ?? 20,
      ...(options.has('all') ? {} : { project: directory }),
      ...(states === undefined ? {} : { states }),
    },
    { signal, isIdempotent: true },
  )
  out.result({ asks }, () => renderAsks(asks, Date.now(), states !== undefined))
}

function readState(word: string): AskState {
  const known = AskState.options
  const found = known.find((state) => state === word.trim())
  if (found !== undefined) return found
  throw new CliError(
    'bad-value',
    `--state was given "${word}"${didYouMean(word, known)}`,
    `one of: ${known.join(', ')}`,
  )
}
