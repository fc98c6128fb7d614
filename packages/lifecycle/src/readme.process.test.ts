// The example of the README, as it stands there.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { isAlive, placeOf, resolveFolders, signalProcess } from './index.ts'
import { parseRecord } from './record.ts'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')

test('the README’s daemon of about 30 lines starts once, counts, and is started anew after a SIGKILL', async () => {
  const base = mkdtempSync(join(tmpdir(), 'hf-'))
  const env = { ...process.env, XDG_RUNTIME_DIR: join(base, 'run'), XDG_STATE_HOME: join(base, 'state'), HOME: base }
  const uid = process.getuid?.() ?? 0
  const place = placeOf(resolveFolders({ app: 'counter', scope: 'default', env, uid }), 'daemon')
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const record = parseRecord(readFileSync(place.recordFile, 'utf8'))
    if (record === null) throw new Error('there is no record')
    expect(signalProcess(record.identity, signal)).toBe('sent')
    while (isAlive(record.identity) === 'alive') await sleep(10)
  }
  try {
    const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
    expect(example.split('\n').length).toBeLessThan(40)
    mkdirSync(join(base, 'node_modules/@holdfast'), { recursive: true })
    symlinkSync(join(import.meta.dirname, '..'), join(base, 'node_modules/@holdfast/lifecycle'))
    writeFileSync(join(base, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(base, 'counter.ts'), example.replace('args: [import', "args: ['--conditions=source', import"))
    const call = (): string => {
      const done = spawnSync(process.execPath, ['--conditions=source', join(base, 'counter.ts')], {
        env,
        encoding: 'utf8',
      })
      return done.stdout + done.stderr
    }
    expect(call()).toBe('absent: 1 (epoch 1)\n')
    expect(call()).toBe('running: 2 (epoch 1)\n')
    await end('SIGKILL')
    expect(call()).toBe('crashed: 1 (epoch 2)\n')
    await end('SIGTERM')
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
})
