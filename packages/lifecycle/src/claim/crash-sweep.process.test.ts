// Dies, or fails, at every step of claiming, publishing and leaving; the next start must find nothing in its way.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type SmallDaemon, SmallDaemons } from '../../../../tests/rig/small-daemon.ts'
import { readText } from '../atomic-file.ts'
import { fileSteps, lifecycleSteps } from '../failpoint.ts'
import { labelBytes, parseLabel } from '../record.ts'
import { exitFile } from './exit-record.ts'

/** Some eighty processes one after the other; a busy machine is ten times slower. */
const sweepMs = 400_000

const leaving = (name: string): boolean => name.startsWith('drain.')

/** Every instance that was on the label, as far as one looked. */
class Labelled {
  private readonly rig: SmallDaemons
  readonly instances = new Set<string>()

  constructor(rig: SmallDaemons) {
    this.rig = rig
  }

  look(): void {
    const label = parseLabel((readText(this.rig.place.lockFile) ?? '').slice(0, labelBytes))
    if (label !== null) this.instances.add(label.instance)
  }
}

/** Runs one life with a fault and waits for its end; one that survives the fault in its start is told to leave. */
async function liveWith(rig: SmallDaemons, failpoints: string): Promise<{ daemon: SmallDaemon; wasReady: boolean }> {
  const daemon = rig.start({ failpoints, drainMs: 2000 })
  const line = await daemon.readiness
  const wasReady = line?.['kind'] === 'ready'
  if (wasReady) daemon.child.kill('SIGTERM')
  await daemon.ended
  return { daemon, wasReady }
}

/** The next start works at once, everyone who was on the label has an exit record, and nothing unfinished lies about. */
async function expectRecovery(rig: SmallDaemons, labelled: Labelled): Promise<void> {
  const next = await rig.ready()
  expect((await rig.knock()).answer).toMatchObject({ instance: next.instance, state: 'ready' })
  expect(
    rig
      .exits()
      .map((each) => each.instance)
      .toSorted(),
  ).toEqual([...labelled.instances].toSorted())
  const unfinished = readdirSync(rig.home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.tmp'),
  )
  expect(unfinished).toEqual([])
  labelled.look()
  next.child.kill('SIGTERM')
  await next.ended
}

test(
  'I8 K32 K19 killed at any step of claim, publication and drain: the next start succeeds, one exit record for each instance',
  async () => {
    await using rig = new SmallDaemons()
    const labelled = new Labelled(rig)
    let lastEpoch = 0
    for (const { name } of lifecycleSteps) {
      const { daemon, wasReady } = await liveWith(rig, `${name}=kill`)
      expect([name, wasReady]).toEqual([name, leaving(name) || name === 'start.ready'])
      expect((await daemon.ended).signal).toBe('SIGKILL')
      labelled.look()
      await expectRecovery(rig, labelled)
      const epoch = Number(readFileSync(rig.place.epochFile, 'utf8'))
      expect(epoch).toBeGreaterThan(lastEpoch)
      lastEpoch = epoch
    }
  },
  sweepMs,
)

test(
  'I8 K32 killed inside any durable write of a life: the same',
  async () => {
    await using rig = new SmallDaemons()
    const labelled = new Labelled(rig)
    let deaths = 0
    for (const { name } of fileSteps) {
      for (let before = 0; ; before += 1) {
        const { daemon } = await liveWith(rig, `${name}=${before}*off->kill`)
        labelled.look()
        const { signal } = await daemon.ended
        if (signal !== 'SIGKILL') break
        deaths += 1
        await expectRecovery(rig, labelled)
      }
    }
    expect(deaths).toBeGreaterThanOrEqual(4 * fileSteps.length)
  },
  sweepMs,
)

test(
  'K46 an error at any step is told, and after relief the next start succeeds',
  async () => {
    await using rig = new SmallDaemons()
    const labelled = new Labelled(rig)
    for (const [index, { name }] of [...lifecycleSteps, ...fileSteps].entries()) {
      const code = index % 2 === 0 ? 'ENOSPC' : 'EMFILE'
      const { daemon, wasReady } = await liveWith(rig, `${name}=error(${code})`)
      const { code: status, stderr } = await daemon.ended
      // Behind the readiness line, and on the way out, an error is noted and stops nothing.
      const expected = wasReady ? [name, status, ''] : [name, 1, code]
      expect([name, status, wasReady ? '' : /ENOSPC|EMFILE/.exec(stderr)?.[0]]).toEqual(expected)
      labelled.look()
      await expectRecovery(rig, labelled)
    }
  },
  sweepMs,
)

/** A small file system of its own, where this machine lets us have one. */
function mountSmall(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null
  const folder = mkdtempSync(join(tmpdir(), 'hf-'))
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', folder])
  if (done.status === 0) return folder
  rmSync(folder, { recursive: true, force: true })
  return null
}

test('K46 a full disk, then a read-only one: a clear error each time, nothing lost, and it works again after relief', async (context) => {
  const mounted = mountSmall()
  if (mounted === null) context.skip('only root may mount')
  const disk = mounted ?? ''
  const home = join(disk, 'home')
  try {
    await using rig = new SmallDaemons(home)
    const first = await rig.ready()
    const ballast = join(disk, 'ballast')
    fill(ballast)
    expect(await (await rig.knock()).ask('full')).toBe('1 full')
    first.child.kill('SIGKILL')
    await first.ended
    const failed = rig.start()
    expect(await failed.readiness).toMatchObject({ kind: 'failed', code: 'disk-full' })
    expect((await failed.ended).code).toBe(1)
    rmSync(ballast)
    const second = await rig.ready()
    expect(rig.exitOf(first)).toMatchObject({ kind: 'killed' })
    second.child.kill('SIGTERM')
    await second.ended
    spawnSync('mount', ['-o', 'remount,ro', disk])
    const refused = rig.start()
    const line = await refused.readiness
    expect(line).toMatchObject({ kind: 'failed', code: 'folder-unwritable' })
    expect(String(line?.['message'])).toContain(home)
    await refused.ended
    spawnSync('mount', ['-o', 'remount,rw', disk])
    const third = await rig.ready()
    expect(statSync(exitFile(rig.place, second.instance)).size).toBeGreaterThan(0)
    third.child.kill('SIGTERM')
    await third.ended
  } finally {
    spawnSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true, force: true })
  }
})

function fill(file: string): void {
  for (let bytes = 256 * 1024; bytes >= 512; bytes /= 2) {
    try {
      writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    }
  }
  truncateSync(file, statSync(file).size)
}
