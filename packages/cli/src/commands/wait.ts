// `holdfast wait ID...`: until any, all, or N of some asks are final. Leaving early changes nothing about the asks.
import { waitAsk, type Ask } from '@holdfast/protocol'
import { exitCodeOf, failureOf } from '../asks.ts'
import type { Context, Run } from '../command.ts'
import { CliError } from '../errors.ts'
import { timedOut } from '../time-limit.ts'

export const run: Run = async (context) => {
  const { words, out, link, signal } = context
  const ids = [...new Set(words)]
  const needed = quorumOf(context, ids.length)
  const daemon = await link()
  const over: Ask[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      for (const id of ids) {
        const waiting = daemon.request(waitAsk, { id }, { signal, isIdempotent: true })
        waiting.then((ask) => {
          over.push(ask)
          if (over.length >= needed) resolve()
        }, reject)
      }
    })
  } catch (error) {
    const late = timedOut(signal)
    const open = ids.filter((id) => !over.some((each) => each.id === id))
    throw late === null ? error : goesOn(late, open)
  }
  for (const ask of over) {
    await out.line(ask, () => (ask.state === 'done' ? `${ask.id} done` : failureOf(ask)))
  }
  return exitCodeOf(over)
}

function goesOn(late: CliError, open: readonly string[]): CliError {
  const what = open.length === 1 ? `ask ${open[0]} goes on` : `asks ${open.join(', ')} go on`
  return new CliError('timed-out', `${late.message}; ${what}`, `\`holdfast wait ${open.join(' ')}\` waits again.`)
}

function quorumOf({ options }: Context, many: number): number {
  const quorum = options.number('quorum')
  const given = ['any', 'all', 'quorum'].filter((name) => options.has(name))
  if (given.length > 1) {
    throw new CliError('bad-value', `--${given.join(' and --')} exclude each other`, 'give one of them')
  }
  if (options.has('any')) return 1
  if (quorum === null) return many
  if (quorum >= 1 && quorum <= many) return quorum
  throw new CliError('bad-value', `--quorum was given ${quorum}, for ${many} asks`, `give a number from 1 to ${many}`)
}
