// A keeper that cannot be started, or not be commanded: what needs it fails soon and says why, the rest of the daemon goes on, and all
// works again after relief.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, renameSync, rmdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Holdfast, root } from '../rig/holdfast.ts'
import { isRunning } from '../rig/processes.ts'
import { until } from '../rig/until.ts'

const mcpServers = {
  counter: { command: process.execPath, args: [join(root, 'tests/fixtures/mcp-counter.ts')] },
}

/** Far below the 30 s that a start may take; far above what a failed one takes. */
const soonMs = 15_000

async function expectRefusals(holdfast: Holdfast, reason: RegExp): Promise<void> {
  // More often than a daemon may crash in a minute: a keeper's failures are no reason to refuse it after relief.
  for (let tries = 0; tries < 4; tries++) {
    const asked = await holdfast.run(['ask', 'guide', 'repeat after me: x'])
    expect(asked.code).not.toBe(0)
    expect(asked.stderr).toMatch(reason)
    expect(asked.ms).toBeLessThan(soonMs)
  }
  const called = await holdfast.run(['mcp', 'call', 'counter.echo', 'text=x'])
  expect(called.code).not.toBe(0)
  expect(called.stderr).toMatch(reason)
  expect(called.ms).toBeLessThan(soonMs)
  const listed = await holdfast.run(['mcp', 'list', '--json', '--timeout', '15s'])
  expect(listed.code, listed.stderr).toBe(0)
  const { servers } = JSON.parse(listed.stdout) as { servers: { name: string; state: string; error: string }[] }
  const counter = servers.find(({ name }) => name === 'counter')
  expect(counter).toMatchObject({ state: 'failed' })
  expect(counter?.error).toMatch(reason)
  for (const command of ['status', 'ps', 'agents', 'asks', 'doctor']) {
    expect((await holdfast.run([command])).code, command).toBe(0)
  }
}

async function expectWorking(holdfast: Holdfast): Promise<void> {
  expect(await holdfast.json(['ask', 'guide', 'repeat after me: back'])).toMatchObject({ reply: 'back' })
  expect((await holdfast.run(['mcp', 'call', 'counter.echo', 'text=back'])).stdout).toContain('back')
}

describe('I5 the daemon stays usable without a keeper', () => {
  it('that dies at its start', async () => {
    const holdfast = new Holdfast()
    holdfast.writeConfig({ mcpServers })
    const daemon = await holdfast.up()
    const obstacle = holdfast.statePath('claim', 'keeper.lock')
    mkdirSync(obstacle)
    await expectRefusals(holdfast, /keeper/)
    expect(isRunning(daemon)).toBe(true)
    rmdirSync(obstacle)
    await expectWorking(holdfast)
    expect(holdfast.daemons().map(({ pid }) => pid)).toEqual([daemon])
  })

  it('whose program is missing', async () => {
    const probe = new Holdfast()
    const installed = join(probe.home, 'installed/cli')
    mkdirSync(join(probe.home, 'installed'))
    cpSync(join(root, 'packages/cli/bin'), join(installed, 'bin'), { recursive: true })
    cpSync(join(root, 'packages/cli/dist'), join(installed, 'dist'), { recursive: true })
    cpSync(join(root, 'packages/cli/package.json'), join(installed, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(probe.home, 'installed/node_modules'))
    const holdfast = new Holdfast({ command: [process.execPath, join(installed, 'bin/holdfast.js')] })
    holdfast.writeConfig({ mcpServers })
    const program = join(installed, 'dist/keeper.js')
    renameSync(program, `${program}.away`)
    const daemon = await holdfast.up()
    await expectRefusals(holdfast, /keeper\.js|Cannot find module/)
    expect(isRunning(daemon)).toBe(true)
    renameSync(`${program}.away`, program)
    await expectWorking(holdfast)
    expect(holdfast.daemons().map(({ pid }) => pid)).toEqual([daemon])
  })

  it('that speaks another protocol: the daemon starts, says so, and its hint works', async () => {
    const holdfast = new Holdfast()
    holdfast.writeConfig({ mcpServers })
    const told = JSON.stringify({ home: holdfast.home, role: 'keeper', protocol: 99 })
    const keeper = spawn(
      process.execPath,
      ['--conditions=source', join(root, 'tests/fixtures/small-daemon.ts'), told],
      { env: holdfast.environment(), stdio: 'ignore' },
    )
    const pid = keeper.pid ?? 0
    await until('it serves', () => holdfast.record('keeper')?.identity.pid === pid)
    const daemon = await holdfast.up()
    await expectRefusals(holdfast, /protocol 99/)
    expect((await holdfast.run(['ask', 'guide', 'x'])).stderr).toContain('holdfast down --all')
    expect([isRunning(daemon), isRunning(pid)]).toEqual([true, true])
    expect((await holdfast.run(['down', '--all'])).code).toBe(0)
    await until('the keeper is ended', () => !isRunning(pid))
    await expectWorking(holdfast)
  })
})
