import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Holdfast } from './holdfast.ts'
import { isRunning } from './processes.ts'
import { until } from './until.ts'

/** Any program will do: the rig is what is tested. */
const echo = [process.execPath, '-e', 'process.stdin.pipe(process.stdout); console.error(process.argv.length)'] as const

it('runs a command in a folder of its own and collects what it says', async () => {
  const holdfast = new Holdfast({ command: echo, isOwnFinish: true })
  const ran = await holdfast.run([], { input: 'text', env: { HOLDFAST_HOME: holdfast.home } })
  expect(ran).toMatchObject({ code: 0, stdout: 'text', stderr: '1\n' })
  await holdfast.finish()
  expect(existsSync(holdfast.home)).toBe(false)
})

it('fails a test that leaves a process behind, and ends that process', { timeout: 60_000 }, async () => {
  const holdfast = new Holdfast({ command: echo, isOwnFinish: true, leaveMs: 300 })
  const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { env: holdfast.environment() })
  await until('it is found', () => holdfast.processes().some(({ pid }) => pid === left.pid))
  await expect(holdfast.finish()).rejects.toThrow(`${left.pid} `)
  await until('it is gone', () => !isRunning(left.pid ?? 0))
  // It is kept for whoever looks for the cause; here that is known.
  rmSync(holdfast.home, { recursive: true })
})
