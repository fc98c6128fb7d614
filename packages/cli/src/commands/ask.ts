// `holdfast ask`: accepted means that the id was printed; from then on the daemon owns it. A waiting ask is cancelled when
// this command is interrupted, and by the daemon when it dies.
import { randomUUID } from 'node:crypto'
import { askChunk, cancelAsk, createAsk, waitAsk, type Ask } from '@holdfast/protocol'
import { AnswerStream } from '../answer-stream.ts'
import { exitCodeOf, failureOf, isFinal } from '../asks.ts'
import type { Context, Run } from '../command.ts'
import type { DaemonLink } from '../daemon-link.ts'
import { CliError } from '../errors.ts'
import { checkName } from '../parse.ts'
import { readPrompt } from '../read-prompt.ts'
import { timedOut, windUpMs } from '../time-limit.ts'

/** How long a cancel may take when the user leaves; the daemon cancels as well when the connection ends. */
const cancelMs = 2000
/** The same after --timeout, when there is less time to wind up. */
const lateCancelMs = windUpMs - 200

export const run: Run = async (context) => {
  const { words, options, out, signal, link } = context
  const agents = readAgents(words[0] ?? '')
  const isStreaming = options.has('stream')
  if (isStreaming && agents.length > 1 && !out.json) {
    throw new CliError(
      'bad-value',
      `--stream cannot show ${agents.length} answers at once`,
      'ask one agent, or add --json',
    )
  }
  const prompt = await readPrompt(words[1], context.stdin, signal)
  const daemon = await link()
  const waits = !options.has('no-wait')
  const creating = Promise.all(agents.map((agent) => create(daemon, agent, prompt, context)))
  const asks = await creating.catch((error: unknown) => {
    throw timedOut(signal) === null ? error : notKnown(signal, waits)
  })
  if (!waits) {
    out.result(asks.length === 1 ? asks[0] : { asks }, () => asks.map(({ id }) => id).join('\n'))
    return 0
  }
  for (const { id, agent, position } of asks) {
    out.notice(`ask ${id} to ${agent} accepted${position === null || position === 0 ? '' : `, position ${position}`}`)
  }
  return waitFor(daemon, asks, context)
}

function readAgents(text: string): string[] {
  return [...new Set(text.split(',').map((name) => checkName('agent', name.trim())))]
}

function create(
  daemon: DaemonLink,
  agent: string,
  prompt: string,
  { options, directory, signal }: Context,
): Promise<Ask> {
  const session = options.text('session')
  const deadlineMs = options.number('deadline')
  const params = {
    agent,
    prompt,
    project: directory,
    dedupeKey: randomUUID(),
    cancelOnExit: !options.has('no-wait'),
    ...(session === null ? {} : { session }),
    ...(deadlineMs === null ? {} : { deadlineMs }),
  }
  return daemon.request(createAsk, params, { signal, isIdempotent: true })
}

async function waitFor(daemon: DaemonLink, asks: readonly Ask[], context: Context): Promise<number> {
  const { out, options, signal } = context
  const streams = new Map(asks.map(({ id }) => [id, new AnswerStream()]))
  const stream = options.has('stream')
  if (stream) {
    daemon.onNotice(askChunk, async ({ id, offset, text }) => {
      const fresh = streams.get(id)?.take(offset, text) ?? ''
      if (fresh === '') return
      if (out.json) await out.line({ id, offset, text: fresh }, () => fresh)
      else await out.raw(fresh)
    })
  }
  const over: Ask[] = []
  try {
    await Promise.all(
      asks.map(async (ask) => {
        const ended = isFinal(ask)
          ? ask
          : await daemon.request(waitAsk, { id: ask.id, stream }, { signal, isIdempotent: true })
        over.push(ended)
        await show(ended, { context, streams, isOnly: asks.length === 1 })
      }),
    )
  } finally {
    if (signal.aborted) await cancelRest(daemon, asks, { over, signal })
  }
  if (out.json && !stream) out.result(over.length === 1 ? over[0] : { asks: inOrder(over, asks) }, () => '')
  return exitCodeOf(over)
}

function inOrder(over: readonly Ask[], asks: readonly Ask[]): (Ask | undefined)[] {
  return asks.map(({ id }) => over.find((each) => each.id === id))
}

interface Showing {
  readonly context: Context
  readonly streams: ReadonlyMap<string, AnswerStream>
  readonly isOnly: boolean
}

/** The answer, or what of it was not streamed yet; an ask that ended otherwise says so on standard error. */
async function show(ask: Ask, { context: { out, options }, streams, isOnly }: Showing): Promise<void> {
  if (ask.state !== 'done') out.warn(failureOf(ask))
  if (out.json) {
    if (options.has('stream')) await out.line(ask, () => '')
    return
  }
  const rest = streams.get(ask.id)?.rest(ask.reply ?? '') ?? ''
  const heading = isOnly ? '' : `${out.paint('bold', `== ${ask.agent}`)}\n`
  const end = (ask.reply ?? '') === '' || ask.reply?.endsWith('\n') === true ? '' : '\n'
  await out.raw(`${heading}${rest}${end}`)
}

interface Left {
  readonly over: readonly Ask[]
  readonly signal: AbortSignal
}

/** Cancels what is not over; at the end of --timeout it throws what became of each. */
async function cancelRest(daemon: DaemonLink, asks: readonly Ask[], { over, signal }: Left): Promise<void> {
  const late = timedOut(signal)
  const reason = `the command that waited for it ${late === null ? 'was interrupted' : 'ran out of time'}`
  const timeoutMs = late === null ? cancelMs : lateCancelMs
  const fates = asks.map(async ({ id }) => {
    const ended = over.find((each) => each.id === id)
    if (ended !== undefined) return fateOf(id, ended)
    return daemon.request(cancelAsk, { id, reason }, { timeoutMs }).then(
      (ask) => fateOf(id, ask),
      () => fateOf(id, null),
    )
  })
  const said = await Promise.all(fates)
  if (late !== null) {
    const hint = `\`holdfast ask-status ${asks[0]?.id ?? 'ID'}\` shows it; with --no-wait an ask goes on.`
    throw new CliError('timed-out', `${late.message}; ${said.join(', ')}`, hint)
  }
}

function fateOf(id: string, ask: Ask | null): string {
  if (ask === null) return `ask ${id} is cancelled as soon as the daemon notices`
  return `ask ${id} ${ask.state === 'cancelled' ? 'was cancelled' : `is ${ask.state}`}`
}

/** The time was over before the daemon had said whether it accepted. */
function notKnown(signal: AbortSignal, waits: boolean): CliError {
  const then = waits ? 'an ask that was accepted is cancelled' : 'an ask that was accepted goes on'
  return new CliError('timed-out', `${timedOut(signal)?.message ?? ''}; ${then}`, '`holdfast asks` lists them.')
}
