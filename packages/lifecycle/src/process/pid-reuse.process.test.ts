import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const fixture = join(import.meta.dirname, '../../../../tests/fixtures/pid-reuse.ts')

test.runIf(process.platform === 'linux')(
  'K13 a pid that was really given out again is neither signalled nor taken for alive',
  () => {
    const program = [process.execPath, '--conditions=source', fixture]
    const done = spawnSync('unshare', ['-Urpf', '--mount-proc', ...program], { encoding: 'utf8', timeout: 60_000 })
    // Where the kernel forbids new namespaces to this user, this test cannot say anything, and that must be seen.
    expect(done.error?.message ?? done.stderr).toBe('')
    expect(JSON.parse(done.stdout)).toEqual({
      isReused: true,
      alive: 'dead',
      signalled: 'gone',
      ended: 0,
      survivors: 0,
      bystanderState: 'alive',
    })
  },
)
