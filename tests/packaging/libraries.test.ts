// The published libraries as another project sees them: the README's example runs from the installed package, and the declarations
// satisfy the strictest compiler settings.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, placeOf, resolveFolders, signalProcess } from '@holdfast/lifecycle'
import { parseRecord } from '@holdfast/lifecycle/testing'
import { expect, inject, it } from 'vitest'
import { root } from '../rig/holdfast.ts'

const { folder } = inject('installed')

it('the example of the lifecycle README runs from the installed package', async () => {
  const readme = readFileSync(join(folder, 'node_modules/@holdfast/lifecycle/README.md'), 'utf8')
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  writeFileSync(join(folder, 'counter.ts'), example)
  const home = mkdtempSync(join(tmpdir(), 'hf-'))
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_RUNTIME_DIR: join(home, 'run'),
    XDG_STATE_HOME: join(home, 'state'),
  }
  const call = (): string => {
    const done = spawnSync(process.execPath, [join(folder, 'counter.ts')], { env, encoding: 'utf8' })
    return done.stdout + done.stderr
  }
  try {
    expect(call()).toBe('absent: 1 (epoch 1)\n')
    expect(call()).toBe('running: 2 (epoch 1)\n')
  } finally {
    const place = placeOf(
      resolveFolders({ app: 'counter', scope: 'default', env, uid: process.getuid?.() ?? 0 }),
      'daemon',
    )
    const record = parseRecord(readFileSync(place.recordFile, 'utf8'))
    expect(record).not.toBeNull()
    if (record !== null) {
      signalProcess(record.identity, 'SIGTERM')
      while (isAlive(record.identity) === 'alive') await sleep(10)
    }
    rmSync(home, { recursive: true, force: true })
  }
})

const consumer = `
import { ensureDaemon, isLifecycleError, lifecycleErrors, placeOf, resolveFolders, type Place } from '@holdfast/lifecycle'
import { ManualClock, parseRecord } from '@holdfast/lifecycle/testing'
import { DaemonClient, Peer, WireError, toWireError } from '@holdfast/protocol'

const folders = resolveFolders({ app: 'consumer', scope: 'default', env: process.env, uid: 1000 })
export const place: Place = placeOf(folders, 'daemon')
export const clock: ManualClock = new ManualClock()
export const record = parseRecord('{}')
export const known: string[] = Object.keys(lifecycleErrors)
export async function reach(): Promise<string> {
  try {
    const hello = { version: '1.0.0', protocol: { min: 1, max: 1 }, role: 'client', identity: null }
    const start = { command: 'node', args: [], env: process.env, cwd: '/', logFile: '/dev/null' }
    const { reason } = await ensureDaemon({ place, hello, start, deadlineMs: 1000 })
    return reason
  } catch (error) {
    return isLifecycleError(error) ? error.code : toWireError(error).code
  }
}
export const classes = [DaemonClient, Peer, WireError]
// @ts-expect-error: it is typed, not any.
export const wrong: number = place.run
`

it('a small consumer type-checks under the strictest settings, with the libraries’ own declarations', () => {
  const base = join(folder, 'consumer')
  mkdirSync(base, { recursive: true })
  writeFileSync(join(base, 'index.ts'), consumer)
  const options = {
    target: 'es2023',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  }
  writeFileSync(join(base, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['index.ts'] }))
  const done = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', base], {
    encoding: 'utf8',
  })
  expect({ status: done.status, said: done.stdout + done.stderr }).toEqual({ status: 0, said: '' })
})
