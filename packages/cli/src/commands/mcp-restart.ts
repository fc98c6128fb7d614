// `holdfast mcp restart SERVER`.
import { mcpRestart } from '@holdfast/protocol'
import type { Run } from '../command.ts'

export const run: Run = async ({ words, directory, out, link, signal }) => {
  const [server = ''] = words
  const { pid } = await (await link()).request(mcpRestart, { project: directory, server }, { signal })
  out.result({ server, pid }, () =>
    pid === null ? `"${server}" starts again with its next client` : `"${server}" runs as process ${pid}`,
  )
}
