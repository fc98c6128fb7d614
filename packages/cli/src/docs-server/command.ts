// `holdfast mcp docs`: ends when its input does.
import { once } from 'node:events'
import { LineSplitter } from '@holdfast/protocol'
import type { Run } from '../command.ts'
import { loadSections } from '../guide/sections.ts'
import { docsFolder } from '../programs.ts'
import { version } from '../version.ts'
import { respond } from './server.ts'

const lineLimitBytes = 8 * 1024 * 1024

export const run: Run = async (context) => {
  const { signal } = context
  const stdin = context.stdin()
  const options = { version, sections: loadSections(docsFolder()) }
  const waiting: string[] = []
  const lines = new LineSplitter(lineLimitBytes, {
    line(bytes) {
      const response = respond(bytes.toString('utf8'), options)
      if (response !== null) waiting.push(response)
    },
    oversized: () => undefined,
  })
  signal.addEventListener('abort', () => stdin.destroy(), { once: true })
  for await (const chunk of stdin) {
    lines.push(Buffer.from(chunk as Uint8Array))
    for (const response of waiting.splice(0)) {
      if (!process.stdout.write(response)) await once(process.stdout, 'drain')
    }
  }
}
