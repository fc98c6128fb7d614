// What a user has stays as it is, whatever the commands do.
import { lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bin, Holdfast } from '../rig/holdfast.ts'

/** Every file below a folder, with its mode, time and content. */
function snapshot(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return Object.fromEntries(
    paths.toSorted().map((path) => {
      const stat = lstatSync(join(folder, path))
      const content = stat.isFile() ? readFileSync(join(folder, path), 'hex') : ''
      return [path, `${stat.mode} ${stat.isFile() ? stat.mtimeMs : ''} ${content}`]
    }),
  )
}

it('I14 no command changes a file outside of the folders of Holdfast', async () => {
  const holdfast = new Holdfast()
  const user = join(holdfast.home, 'user')
  for (const name of ['.claude.json', '.bashrc', '.config/editor/mcp.json', '.codex/config.toml']) {
    mkdirSync(join(user, name, '..'), { recursive: true })
    writeFileSync(join(user, name), `{"${name}": true}\n`)
  }
  writeFileSync(join(holdfast.project, 'README.md'), '# mine\n')
  const docs = { command: process.execPath, args: [bin, 'mcp', 'docs'] }
  holdfast.writeConfig({ mcpServers: { docs }, imports: ['claude', 'cursor'] }, holdfast.project)
  const before = { user: snapshot(user), project: snapshot(holdfast.project) }
  const lines = [
    ['up'],
    ['ask', 'guide', 'What is a scope?'],
    ['mcp', 'list'],
    ['mcp', 'call', 'docs.search_docs', 'query=scope'],
    ['config', 'check'],
    ['agents'],
    ['doctor'],
    ['ps'],
    ['logs', 'daemon'],
    ['restart'],
    ['sweep', '--dry-run'],
    ['tour', '--quiet'],
    ['down', '--all'],
  ]
  for (const line of lines) {
    const { code, signal, stdout, stderr } = await holdfast.run(line)
    expect(code, `${line.join(' ')} ${signal}\n${stdout}${stderr}`).toBeLessThan(2)
  }
  expect({ user: snapshot(user), project: snapshot(holdfast.project) }).toEqual(before)
})
