// The installed command, in a fresh home: what a new user does first.
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { Holdfast } from '../rig/holdfast.ts'

const { folder } = inject('installed')

it('the installed command starts the daemon, asks the guide, calls an MCP tool, and ends everything', async () => {
  const command = join(folder, 'node_modules/.bin/holdfast')
  const holdfast = new Holdfast({ command: [process.execPath, command] })
  holdfast.writeConfig({ mcpServers: { docs: { command: process.execPath, args: [command, 'mcp', 'docs'] } } })
  expect(await holdfast.json(['up'])).toMatchObject({ started: true, reason: 'absent' })

  const asked = await holdfast.json<{ state: string; reply: string }>(['ask', 'guide', 'What is a scope?'])
  expect(asked).toMatchObject({ state: 'done' })
  expect(asked.reply).toContain('scope')

  const called = await holdfast.run(['mcp', 'call', 'docs.search_docs', 'query=what a daemon is', 'limit=1'])
  expect(called).toMatchObject({ code: 0 })
  expect(called.stdout).toContain('.md')

  const listed = await holdfast.run(['ps'])
  expect(listed).toMatchObject({ code: 0 })
  for (const each of ['daemon', 'keeper', 'guide', 'docs']) expect(listed.stdout).toContain(each)

  expect(await holdfast.run(['down', '--all'])).toMatchObject({ code: 0 })
  expect(holdfast.processes()).toEqual([])
})
