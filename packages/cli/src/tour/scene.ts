// What the tour needs of its own: a project folder in our state folder, whose config names the docs server.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Folders } from '@holdfast/lifecycle'
import { programPath } from '../programs.ts'

/** The folder, with its config as it belongs to this build. No file of the user's is touched. */
export function prepareScene(folders: Folders): string {
  const folder = join(folders.state, 'tour')
  const docs = { command: process.execPath, args: [programPath('main'), 'mcp', 'docs'] }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'holdfast.json'), `${JSON.stringify({ mcpServers: { docs } }, null, 2)}\n`)
  return folder
}
