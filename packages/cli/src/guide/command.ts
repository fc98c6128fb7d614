// `holdfast agent guide`.
import type { Run } from '../command.ts'
import { docsFolder } from '../programs.ts'
import { version } from '../version.ts'
import { serveGuide } from './serve.ts'

export const run: Run = async (context) => {
  const { signal } = context
  const stdin = context.stdin()
  signal.addEventListener('abort', () => stdin.destroy(), { once: true })
  await serveGuide({ input: stdin, output: process.stdout, docsFolder: docsFolder(), version })
  stdin.destroy()
}
