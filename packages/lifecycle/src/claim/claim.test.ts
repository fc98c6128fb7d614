import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../clock.ts'
import { isLifecycleError } from '../errors.ts'
import { parseFailpoints } from '../failpoint.ts'
import { ensureFolders, resolveFolders } from '../folders.ts'
import { type Place, placeOf } from '../place.ts'
import { selfIdentity } from '../process/identity.ts'
import { encodeLabel, encodeRecord, labelBytes, parseLabel } from '../record.ts'
import { claim, type Claim } from './claim.ts'
import { keptExits, listExits, readExit } from './exit-record.ts'
import type { ClaimPorts } from './ports.ts'
import { systemPorts } from './system-ports.ts'

const uid = process.getuid?.() ?? 0
const me = selfIdentity()
/** A process that cannot be: its start lies before that of this one, under its pid. */
const dead = { ...me, startTicks: 1 }
let base: string
let place: Place
let open: Claim[]

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'hf-'))
  const folders = resolveFolders({ app: 'holdfast', scope: 'default', env: { HOLDFAST_HOME: base }, uid })
  ensureFolders(folders, uid)
  place = placeOf(folders, 'daemon')
  open = []
})
afterEach(async () => {
  for (const each of open) await each.release()
  rmSync(base, { recursive: true, force: true })
})

async function attempt(instance: string, ports: ClaimPorts = systemPorts(), identity = dead) {
  const result = await claim(place, { instance, identity, version: '1' }, ports)
  if (result.kind === 'acquired') open.push(result)
  return result
}

async function acquire(instance: string, ports?: ClaimPorts, identity = dead): Promise<Claim> {
  const result = await attempt(instance, ports, identity)
  if (result.kind !== 'acquired') throw new Error(`${instance} lost`)
  return result
}

function failing(name: string, action = 'error(EIO)'): ClaimPorts {
  return systemPorts({ failpoint: parseFailpoints(`${name}=${action}`) })
}

test('I1 K1 of many claims at once exactly one is acquired, and each loser names the winner', async () => {
  const results = await Promise.all(Array.from({ length: 20 }, (_, index) => attempt(`i${index}`, undefined, me)))
  const winners = results.filter((each) => each.kind === 'acquired')
  expect(winners).toHaveLength(1)
  const named = results.flatMap((each) => (each.kind === 'taken' ? [each.by?.instance] : []))
  expect(named).toEqual(Array.from({ length: 19 }, () => winners[0]?.label.instance))
})

test('K3 a loser changes no file', async () => {
  await acquire('winner', undefined, me)
  const before = readdirSync(place.claim).map((name) => [name, statSync(join(place.claim, name)).mtimeMs])
  const label = readFileSync(place.lockFile, 'utf8')
  expect(await attempt('loser')).toMatchObject({
    kind: 'taken',
    by: { instance: 'winner', socket: place.publicSocket },
  })
  expect(readdirSync(place.claim).map((name) => [name, statSync(join(place.claim, name)).mtimeMs])).toEqual(before)
  expect(readFileSync(place.lockFile, 'utf8')).toBe(label)
})

test('a loser never names the one before, and does not wait for long', async () => {
  const first = await acquire('before')
  await first.release()
  const lock = await systemPorts().locks.open(place.lockFile)
  expect(await lock.tryLock()).toBe(true)
  const started = performance.now()
  expect(await attempt('loser')).toEqual({ kind: 'taken', by: null })
  expect(performance.now() - started).toBeGreaterThan(250)
  // The winner writes its label while the loser waits for it.
  const waiting = attempt('loser')
  await systemClock.sleep(30)
  const label = parseLabel(readFileSync(place.lockFile, 'utf8'))
  await lock.write(encodeLabel({ ...label!, instance: 'late', identity: me }))
  expect(await waiting).toMatchObject({ kind: 'taken', by: { instance: 'late' } })
  await lock.close()
})

test('I2 K7 the epoch only grows: through releases, crashes, a lost or hostile epoch file, a lost lock file', async () => {
  const seen: number[] = []
  const next = async (instance: string): Promise<void> => {
    const held = await acquire(instance)
    seen.push(held.epoch)
    await held.release()
  }
  await next('a')
  await next('b')
  unlinkSync(place.epochFile)
  await next('c')
  for (const [index, text] of ['', 'x', '-5', '1e400', 'NaN', '{}', `${2 ** 52}`, '0'].entries()) {
    writeFileSync(place.epochFile, text)
    await next(`d${index}`)
  }
  rmSync(place.lockFile)
  await next('e')
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(new Set(seen).size).toBe(seen.length)
})

test('K4 a lock that is not the one at the path any more is not current', async () => {
  const held = await acquire('a')
  expect(await held.isCurrent()).toBe(true)
  renameSync(place.lockFile, `${place.lockFile}.moved`)
  expect(await held.isCurrent()).toBe(false)
  const second = await acquire('b')
  expect(await held.isCurrent()).toBe(false)
  expect(second.epoch).toBeGreaterThan(held.epoch)
})

test('K6 the lock file stays the same file through claims and releases', async () => {
  const first = await acquire('a')
  const inode = statSync(place.lockFile).ino
  await first.release()
  await (await acquire('b')).release()
  expect(statSync(place.lockFile).ino).toBe(inode)
  expect(statSync(place.lockFile).mode & 0o777).toBe(0o600)
  expect(statSync(place.lockFile).size).toBe(labelBytes)
})

test('K32 the predecessor has its exit record before anything of the successor is written', async () => {
  await (await acquire('a')).release()
  await expect(attempt('b', failing('claim.predecessor'))).rejects.toThrow('EIO')
  const exit = await readExit(systemPorts().files, place, 'a')
  expect(exit).toMatchObject({ kind: 'killed', epoch: 1 })
  const held = await acquire('c')
  expect(held.predecessor).toEqual(exit)
  expect(held.epoch).toBe(2)
})

test('K33 a reboot, a kill and a lock that was lost alive are told apart', async () => {
  const ends = [
    [{ ...dead, bootId: 'another boot' }, 'reboot'],
    [dead, 'killed'],
    [me, 'superseded'],
  ] as const
  for (const [index, [identity, kind]] of ends.entries()) {
    await (await acquire(`i${index}`, undefined, identity)).release()
    const next = await acquire(`n${index}`)
    expect(next.predecessor?.kind).toBe(kind)
    await next.release()
  }
})

test('K32 where the lock file was lost, the record still tells whom to settle', async () => {
  const label = { instance: 'lost', epoch: 9, identity: dead, socket: '/s', version: '1' }
  const rest = {
    protocol: { min: 1, max: 1 },
    execPath: '/n',
    config: null,
    owner: null,
    state: 'ready',
    startedAt: 'x',
  } as const
  writeFileSync(place.recordFile, encodeRecord({ schema: 1, ...label, ...rest }))
  writeFileSync(place.epochFile, '9')
  const held = await acquire('next')
  expect(held.predecessor).toMatchObject({ instance: 'lost', kind: 'killed', wasReady: true })
  expect(held.epoch).toBe(10)
})

test('K22 a hostile record of an epoch that never was changes nothing', async () => {
  const label = { instance: 'fake', epoch: 2 ** 40, identity: dead, socket: '/s', version: '1' }
  const rest = {
    protocol: { min: 1, max: 1 },
    execPath: '/n',
    config: null,
    owner: null,
    state: 'ready',
    startedAt: 'x',
  } as const
  writeFileSync(place.recordFile, encodeRecord({ schema: 1, ...label, ...rest }))
  expect(await acquire('next')).toMatchObject({ epoch: 1, predecessor: null })
})

test.each(['claim.locked', 'claim.verified', 'claim.predecessor', 'claim.labelled', 'claim.epoch'])(
  'K46 an error at %s frees the lock; the next claim succeeds and every instance has one exit record',
  async (name) => {
    await (await acquire('a')).release()
    await expect(attempt('b', failing(name, 'error(ENOSPC)'))).rejects.toMatchObject({
      code: expect.any(String) as string,
    })
    const held = await acquire('c')
    const exits = await listExits(systemPorts().files, place)
    const labelled = name === 'claim.labelled' || name === 'claim.epoch'
    expect(exits.map((each) => each.instance).toSorted()).toEqual(labelled ? ['a', 'b'] : ['a'])
    expect(held.epoch).toBeGreaterThan(Math.max(...exits.map((each) => each.epoch)))
    expect(readdirSync(place.claim).filter((each) => each.endsWith('.tmp'))).toEqual([])
  },
)

test.each(['file.created', 'file.written', 'file.synced'])('K46 a full disk at %s is a clear error', async (name) => {
  await (await acquire('a')).release()
  const failed = await attempt('b', failing(name, '1*error(ENOSPC)')).catch((error: unknown) => error)
  expect(isLifecycleError(failed) && [failed.code, failed.retryable]).toEqual(['disk-full', true])
  expect((await acquire('c')).epoch).toBe(2)
})

test('K22 hostile contents of the lock file block nobody', async () => {
  for (const [index, text] of [
    '',
    '\0'.repeat(9000),
    '{"instance":"../x"}',
    '[]',
    `{"epoch":${'9'.repeat(400)}}`,
  ].entries()) {
    rmSync(place.lockFile, { force: true })
    writeFileSync(place.lockFile, text, { mode: 0o600 })
    const held = await acquire(`i${index}`)
    await held.release()
    expect(parseLabel(readFileSync(place.lockFile, 'utf8').slice(0, labelBytes))?.instance).toBe(`i${index}`)
  }
})

test('K35 exit records are bounded in number, and what a crash left unfinished is removed', async () => {
  writeFileSync(join(place.claim, 'x'), '')
  for (let index = 0; index < keptExits + 6; index += 1) await (await acquire(`i${index}`)).release()
  writeFileSync(join(place.exitsFolder, '.i.json.0.tmp'), 'half')
  writeFileSync(join(place.exitsFolder, 'junk.json'), 'junk')
  const held = await acquire('last')
  const exits = await listExits(systemPorts().files, place, 1000)
  expect(exits.length).toBeLessThanOrEqual(keptExits)
  expect(exits[0]?.epoch).toBe(held.epoch - 1)
  expect(existsSync(join(place.exitsFolder, '.i.json.0.tmp'))).toBe(false)
})

test('a claim folder that cannot be used is an error that names it', async () => {
  rmSync(place.claim, { recursive: true })
  writeFileSync(place.claim, '')
  const failed = await attempt('a').catch((error: unknown) => error)
  expect(isLifecycleError(failed) && failed.code).toBe('folder-unwritable')
  expect(String(failed)).toContain(place.claim)
})
