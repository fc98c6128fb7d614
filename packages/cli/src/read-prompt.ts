// The text to send, from an argument or standard input: UTF-8 without NUL, whole, or an error before anything is sent.
import { CliError } from './errors.ts'

/** More than this is not a question but a file; the protocol would refuse it later and less clearly. */
const promptLimitBytes = 8 * 1024 * 1024

export interface Input extends AsyncIterable<unknown> {
  readonly isTTY?: boolean
}

export async function readPrompt(
  argument: string | undefined,
  stdin: () => Input,
  signal: AbortSignal,
): Promise<string> {
  if (argument !== undefined && argument !== '-') return checkPrompt(argument, 'the prompt')
  const input = stdin()
  if (argument === undefined && input.isTTY === true) {
    throw new CliError('missing-argument', 'there is no prompt', 'give it as an argument, or `-` to type or pipe it in')
  }
  return checkPrompt(decode(await readAll(input, signal)), 'standard input')
}

async function readAll(input: Input, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  const reading = (async () => {
    for await (const chunk of input) {
      const bytes = Buffer.from(chunk as Uint8Array)
      chunks.push(bytes)
      size += bytes.length
      if (size > promptLimitBytes) throw tooLong('standard input', size)
    }
  })()
  await Promise.race([reading, aborted(signal)])
  return Buffer.concat(chunks)
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(new Error('interrupted'))
    signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true })
  })
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    const message = `standard input (${bytes.length} bytes) is not text in UTF-8`
    throw new CliError('bad-input', message, 'send text; for a file that is no text, give its path in the prompt', {
      cause: error,
    })
  }
}

function checkPrompt(text: string, what: string): string {
  const nul = text.indexOf('\0')
  if (nul >= 0)
    throw new CliError('bad-input', `${what} has a NUL byte at character ${nul}`, 'send text without NUL bytes')
  if (text.trim() === '') throw new CliError('bad-input', `${what} is empty`, 'write what you want to ask')
  const size = Buffer.byteLength(text)
  if (size > promptLimitBytes) throw tooLong(what, size)
  return text
}

function tooLong(what: string, size: number): CliError {
  const limit = `${promptLimitBytes / 1024 / 1024} MiB`
  return new CliError(
    'bad-input',
    `${what} has more than ${limit} (${size} bytes or more)`,
    'write it to a file and give its path in the prompt',
  )
}
