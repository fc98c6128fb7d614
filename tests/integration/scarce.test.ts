// When the machine has nothing left to give (space, descriptors, a writable folder, a short path): a clear error, nothing lost,
// and it works again after relief without a hand.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveFolders } from '@holdfast/lifecycle'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bin, Holdfast } from '../rig/holdfast.ts'

interface Ask {
  readonly id: string
  readonly state: string
  readonly reply: string | null
}

/** A file system of its own, `megabytes` large, in the place of the state folder. */
function mountSmallState(holdfast: Holdfast, megabytes: number): void {
  const folder = join(holdfast.home, 'state')
  mkdirSync(folder, { mode: 0o700 })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'holdfast-test', folder])
  if (mounted.status !== 0) throw new Error(`this test mounts a tmpfs, as root: ${mounted.stderr.toString()}`)
  onTestFinished(async () => {
    await holdfast.run(['down', '--all'])
    spawnSync('umount', ['-l', folder])
  })
}

function fill(folder: string): string {
  const file = join(folder, 'filler')
  const { bavail, bsize } = statfsSync(folder)
  for (let left = bavail * bsize; left > 0; left = Math.floor(left / 2)) {
    try {
      writeFileSync(file, Buffer.alloc(left), { flag: 'a' })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    }
  }
  return file
}

describe('K46 I10 no space left', () => {
  it('an ask is refused with the reason; what was accepted before is answered; it works again after relief', async () => {
    const holdfast = new Holdfast()
    mountSmallState(holdfast, 16)
    await holdfast.up()
    const before = await holdfast.json<Ask>(['ask', 'guide', 'repeat after me: before'])
    expect(before).toMatchObject({ state: 'done', reply: 'before' })
    const filler = fill(join(holdfast.home, 'state'))
    const refused = await holdfast.run(['ask', 'guide', '-', '--no-wait'], {
      input: `repeat after me: ${'x'.repeat(600_000)}`,
    })
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toMatch(/no space|space left|full/i)
    expect(refused.stderr).not.toMatch(/^\s+at /m)
    rmSync(filler)
    const after = await holdfast.json<Ask>(['ask', 'guide', 'repeat after me: after'])
    expect(after).toMatchObject({ state: 'done', reply: 'after' })
    expect(await holdfast.json<Ask>(['ask-status', before.id])).toMatchObject({ state: 'done', reply: 'before' })
  })

  it('a daemon cannot start on a full disk, says so, and starts after relief', async () => {
    const holdfast = new Holdfast()
    mountSmallState(holdfast, 4)
    const filler = fill(join(holdfast.home, 'state'))
    const failed = await holdfast.run(['up'])
    expect(failed.code).toBe(4)
    expect(failed.stderr).toMatch(/no space|space left|full/i)
    rmSync(filler)
    await holdfast.up()
  })
})

describe('K46 no descriptors left', () => {
  // 22: not even the command can be loaded; 26: it runs, and cannot start a daemon.
  it.each([22, 24, 26, 28])('is said (limit %i), and is over after relief', async (limit) => {
    const shell = `ulimit -n ${limit} && exec "$@"`
    const limited = new Holdfast({ command: ['bash', '-c', shell, 'limited', process.execPath, bin] })
    const ran = await limited.run(['up', '--timeout', '20s'])
    expect([0, 4, 7], ran.stderr).toContain(ran.code)
    expect(ran.stderr).toMatch(ran.code === 0 ? /^/ : /EMFILE|too many open files/i)
    expect(ran.stderr).not.toMatch(/^\s+at /m)
    const relieved = await new Promise<number | null>((resolve) => {
      spawn(process.execPath, [bin, 'up'], { env: limited.environment(), stdio: 'ignore' }).on('close', resolve)
    })
    expect(relieved).toBe(0)
    await new Promise((resolve) => {
      spawn(process.execPath, [bin, 'down', '--all'], { env: limited.environment(), stdio: 'ignore' }).on(
        'close',
        resolve,
      )
    })
  })
})

describe('a state folder that cannot be written', () => {
  it('is named, with the fix, and works after relief', async () => {
    const holdfast = new Holdfast()
    const user = 65_534
    // Root may write everywhere: the command runs as another user, in a home of that user.
    const home = mkdtempSync(join(tmpdir(), 'hf-ro-'))
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    mkdirSync(join(home, 'state'))
    chownSync(home, user, user)
    chmodSync(join(home, 'state'), 0o555)
    chownSync(join(home, 'state'), user, user)
    const env = { ...holdfast.environment(), HOLDFAST_HOME: home, HOME: home }
    const run = (...args: string[]): ReturnType<typeof spawnSync> =>
      spawnSync(
        'setpriv',
        ['--reuid', String(user), '--regid', String(user), '--clear-groups', process.execPath, bin, ...args],
        { env, cwd: '/', encoding: 'utf8', timeout: 60_000 },
      )
    const failed = run('up')
    expect(failed.status).toBe(4)
    expect(String(failed.stderr)).toContain(join(home, 'state'))
    chmodSync(join(home, 'state'), 0o700)
    expect(run('up')).toMatchObject({ status: 0 })
    expect(run('down', '--all')).toMatchObject({ status: 0 })
  })
})

describe('K44 a home with a path of 300 bytes', () => {
  it('works: sockets get a short folder', async () => {
    const holdfast = new Holdfast()
    const long = join(holdfast.home, 'x'.repeat(140), 'y'.repeat(140))
    mkdirSync(long, { recursive: true, mode: 0o700 })
    const env = { HOLDFAST_HOME: long }
    const { sockets } = resolveFolders({ app: 'holdfast', scope: 'default', env, uid: process.getuid?.() ?? 0 })
    onTestFinished(async () => {
      await holdfast.run(['down', '--all'], { env })
      rmSync(sockets, { recursive: true, force: true })
    })
    const asked = await holdfast.json<Ask>(['ask', 'guide', 'repeat after me: long'], { env })
    expect(asked).toMatchObject({ state: 'done', reply: 'long' })
    expect(await holdfast.run(['down', '--all'], { env })).toMatchObject({ code: 0 })
  })
})
