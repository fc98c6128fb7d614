// The installed command under a Node that is too old. A machine may have none: then, and everywhere besides, this Node is told to
// report another version of itself before the command is loaded, which is all that the gate looks at.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, cpSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'

const { folder } = inject('installed')
const packageName = `node-${process.platform}-${process.arch}`

/** An older Node of this machine, or null. */
function realOlderNode(): string | null {
  const found = ['/usr/bin/node', '/usr/local/bin/node', '/opt/homebrew/bin/node'].find((path) => {
    const [major = 0, minor = 0] =
      spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.slice(1).split('.').map(Number) ?? []
    return major > 0 && (major < 22 || (major === 22 && minor < 15))
  })
  return found ?? null
}

interface Scene {
  readonly bin: string
  readonly folder: string
}

/** The package alone in a folder of its own: what lies beside it is up to the test. */
function alone(): Scene {
  const base = mkdtempSync(join(tmpdir(), 'hf-gate-'))
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  const modules = join(base, 'node_modules')
  cpSync(join(folder, 'node_modules/holdfast'), join(modules, 'holdfast'), { recursive: true })
  return { bin: join(modules, 'holdfast/bin/holdfast.js'), folder: base }
}

function pretended(base: string): readonly string[] {
  const file = join(base, 'reports-20.cjs')
  const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`
  writeFileSync(file, `${versions}\nObject.defineProperty(process, 'version', { value: 'v20.20.2' })\n`)
  return ['--require', file]
}

function placeBeside({ folder }: Scene, program: string): void {
  mkdirSync(join(folder, 'node_modules', packageName, 'bin'), { recursive: true })
  symlinkSync(program, join(folder, 'node_modules', packageName, 'bin/node'))
}

const older = realOlderNode()

describe.each([
  { kind: 'a Node that reports v20', program: process.execPath, isPretended: true },
  ...(older === null ? [] : [{ kind: 'an older Node of this machine', program: older, isPretended: false }]),
])('$kind', ({ program, isPretended }) => {
  const run = (scene: Scene, args: readonly string[], env: Record<string, string> = {}) => {
    const flags = isPretended ? pretended(scene.folder) : []
    const clean = { HOME: scene.folder, PATH: process.env['PATH'] ?? '', HOLDFAST_HOME: scene.folder, ...env }
    return spawnSync(program, [...flags, scene.bin, ...args], { env: clean, encoding: 'utf8' })
  }

  it('carries on under a newer one that lies beside it, with arguments, output and exit code', () => {
    const scene = alone()
    placeBeside(scene, process.execPath)
    expect(run(scene, ['--version'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    expect(run(scene, ['no-such-command'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no-such-command'),
    })
  })

  it('carries on under the one that HOLDFAST_NODE names', () => {
    expect(run(alone(), ['--version'], { HOLDFAST_NODE: process.execPath })).toMatchObject({ status: 0 })
  })

  it('without a newer one it exits with 5 and says which Node it is, which is needed, and how to get one', () => {
    const { status, stdout, stderr } = run(alone(), ['--version'])
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' })
    expect(stderr).toMatch(/this is Node v\d+\.\d+\.\d+ .*; Node 22\.15 or later is needed/)
    expect(stderr).toContain(`fix: npm install --prefix`)
    expect(stderr).toContain(`${packageName}@24`)
  })

  it('a HOLDFAST_NODE that cannot be run is said, not passed over', () => {
    const { status, stderr } = run(alone(), ['--version'], { HOLDFAST_NODE: '/nowhere/node' })
    expect(status).toBe(5)
    expect(stderr).toContain('HOLDFAST_NODE=/nowhere/node cannot be run')
  })
})
