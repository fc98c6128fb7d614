// Runs the guide over a pair of streams until its input ends.
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { LineSplitter } from '@holdfast/protocol'
import { GuideAgent } from './agent.ts'
import { loadSections } from './sections.ts'

export interface ServeOptions {
  readonly input: Readable
  readonly output: Writable
  readonly docsFolder: string
  readonly version: string
}

const lineLimitBytes = 64 * 1024 * 1024

/** Resolves when the input has ended and what was being said is cut short, or when nobody reads the output any more. */
export async function serveGuide({ input, output, docsFolder, version }: ServeOptions): Promise<void> {
  let drained: Promise<unknown> | null = null
  const write = async (line: string): Promise<void> => {
    if (!output.write(line)) drained ??= once(output, 'drain').finally(() => (drained = null))
    await drained
  }
  const agent = new GuideAgent({ version, sections: loadSections(docsFolder), write })
  const working = new Set<Promise<void>>()
  const lines = new LineSplitter(lineLimitBytes, {
    line(bytes) {
      const work = agent.receive(bytes.toString('utf8')).finally(() => working.delete(work))
      working.add(work)
    },
    oversized: () => undefined,
  })
  const gone = new Promise<void>((resolve) => {
    output.on('error', () => resolve())
    output.on('close', () => resolve())
  })
  const read = (async () => {
    try {
      for await (const chunk of input) lines.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)))
    } catch (error) {
      // Destroyed under us: the same as its end.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error
    }
    agent.stop()
    await Promise.all(working)
  })()
  await Promise.race([read, gone])
}
