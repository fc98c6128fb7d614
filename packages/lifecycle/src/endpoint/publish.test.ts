import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemPorts } from '../claim/system-ports.ts'
import { ensureFolders, resolveFolders } from '../folders.ts'
import { parseFailpoints } from '../failpoint.ts'
import { type Place, placeOf } from '../place.ts'
import { Endpoint } from '../serve/endpoint.ts'
import { listenAt } from '../serve/listener.ts'

const uid = process.getuid?.() ?? 0
let base: string
let place: Place
let open: Endpoint[]

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'hf-'))
  const folders = resolveFolders({ app: 'holdfast', scope: 'default', env: { HOLDFAST_HOME: base }, uid })
  ensureFolders(folders, uid)
  place = placeOf(folders, 'daemon')
  open = []
})
afterEach(async () => {
  for (const each of open) await each.close()
  rmSync(base, { recursive: true, force: true })
})

/** An endpoint that answers its epoch to everyone. */
function endpoint(epoch: number, ports = systemPorts()): Endpoint {
  const made = new Endpoint({
    place,
    epoch,
    ports,
    listen: listenAt,
    onConnection: (socket) => socket.end(String(epoch)),
  })
  open.push(made)
  return made
}

function whoAnswers(): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(place.publicSocket)
    socket.on('data', (data: Buffer) => (text += data.toString()))
    socket.on('error', (error) => resolve(error.message.split(' ')[1] ?? ''))
    socket.on('close', () => resolve(text))
  })
}

test('K43 the socket is nobody else’s at any instant, whatever the umask', async () => {
  const before = process.umask(0)
  try {
    await endpoint(1).open()
    expect(process.umask(0)).toBe(0)
  } finally {
    process.umask(before)
  }
  expect(statSync(place.publicSocket).mode & 0o777).toBe(0o600)
})

test('K25 a successor publishes over the one before without an instant in which nobody listens', async () => {
  await endpoint(1).open()
  const answers = new Set<string>()
  const state = { done: false }
  const asking = (async () => {
    while (!state.done) answers.add(await whoAnswers())
  })()
  for (let epoch = 2; epoch <= 12; epoch += 1) await endpoint(epoch).open()
  state.done = true
  await asking
  for (const answer of answers) expect(answer).toMatch(/^\d+$/)
  expect(await whoAnswers()).toBe('12')
  expect(readdirSync(place.sockets).toSorted()).toEqual(['daemon.i12', 'daemon.sock'])
})

test('K25 an old one that withdraws and closes leaves its successor’s socket alone', async () => {
  const old = endpoint(1)
  await old.open()
  await endpoint(2).open()
  await old.withdraw()
  await old.close()
  expect(await whoAnswers()).toBe('2')
  expect(existsSync(place.privateSocket(2))).toBe(true)
})

test('a socket that a cleaner took away, by one name or both, is published anew', async () => {
  const own = endpoint(1)
  await own.open()
  expect(await own.heal()).toBe(false)
  unlinkSync(place.publicSocket)
  expect(await own.heal()).toBe(true)
  expect(await whoAnswers()).toBe('1')
  rmSync(place.run, { recursive: true })
  expect(await own.heal()).toBe(true)
  expect(await whoAnswers()).toBe('1')
  expect(await own.heal()).toBe(false)
})

test('a planted file in the place of the public socket is replaced', async () => {
  writeFileSync(place.publicSocket, 'planted')
  const own = endpoint(1)
  await own.open()
  expect(await whoAnswers()).toBe('1')
  renameSync(place.publicSocket, `${place.publicSocket}.x`)
  writeFileSync(place.publicSocket, 'planted again')
  expect(await own.heal()).toBe(true)
  expect(await whoAnswers()).toBe('1')
})

test('leftovers of earlier epochs go, other files stay', async () => {
  for (const name of ['daemon.i1', 'daemon.i2.new', '.daemon.json.ab.tmp', 'keeper.i1', 'daemon.info', 'daemon.json']) {
    writeFileSync(join(place.run, name), '')
  }
  writeFileSync(place.privateSocket(7), 'from a state folder that was removed')
  linkSync(place.privateSocket(7), `${place.privateSocket(7)}.new`)
  await endpoint(7).open()
  expect(readdirSync(place.run).toSorted()).toEqual([
    'daemon.i7',
    'daemon.info',
    'daemon.json',
    'daemon.sock',
    'keeper.i1',
  ])
})

test.each(['publish.linked', 'publish.renamed'])('an error at %s is told, and the next one publishes', async (name) => {
  const ports = systemPorts({ failpoint: parseFailpoints(`${name}=error(ENOSPC)`) })
  await expect(endpoint(1, ports).open()).rejects.toMatchObject({ code: 'disk-full' })
  await endpoint(2).open()
  expect(await whoAnswers()).toBe('2')
})
