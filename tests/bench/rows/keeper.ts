// One line through a child that the keeper holds, against the same child on a pipe of our own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureKeeper, type KeeperClient } from '@holdfast/keeper'
import { placeOf, resolveFolders, silentLog } from '@holdfast/lifecycle'
import { inTurns } from '../measure.ts'
import { asDifference, type Figure, type Row } from '../row.ts'

const program = join(import.meta.dirname, '../../../packages/cli/dist/keeper.js')

async function measure(): Promise<Figure> {
  const home = mkdtempSync(join(tmpdir(), 'hf-bench-'))
  const env = { PATH: process.env['PATH'] ?? '', HOLDFAST_HOME: home }
  const folders = resolveFolders({ app: 'holdfast', scope: 'default', env, uid: process.getuid?.() ?? 0 })
  mkdirSync(folders.logs, { recursive: true, mode: 0o700 })
  const place = placeOf(folders, 'keeper')
  const start = {
    command: process.execPath,
    args: [program, '--scope', 'default'],
    env,
    cwd: home,
    logFile: join(folders.logs, 'keeper.log'),
  }
  const { client: keeper } = await ensureKeeper({ place, epoch: 1, log: silentLog, start })
  const direct = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(direct, 'close')
  try {
    return asDifference(await compare(keeper, direct, home), null)
  } finally {
    direct.stdin.end()
    await keeper.shutdown(1000)
    await ended
    rmSync(home, { recursive: true, force: true })
  }
}

async function compare(keeper: KeeperClient, direct: ChildProcess, home: string): ReturnType<typeof inTurns> {
  const id = 'cat'
  const env = { PATH: process.env['PATH'] ?? '' }
  await keeper.spawn({
    id,
    command: 'cat',
    args: [],
    cwd: home,
    env,
    io: 'pipe',
    logFile: join(home, 'cat.log'),
    label: {},
  })
  let wakeHeld = (): void => undefined
  let wakeDirect = (): void => undefined
  await keeper.attach(id, 0, {
    data: (offset, bytes) => {
      keeper.ack(id, offset + bytes.length)
      wakeHeld()
    },
    end: () => undefined,
  })
  direct.stdout?.on('data', () => wakeDirect())
  const line = Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: {} })}\n`)
  const held = (): Promise<void> =>
    new Promise((resolve, reject) => {
      wakeHeld = resolve
      keeper.input(id, null, line).catch(reject)
    })
  const plain = (): Promise<void> =>
    new Promise((resolve) => {
      wakeDirect = resolve
      direct.stdin?.write(line)
    })
  return await inTurns(held, plain, { turns: 10, batch: 300, warmUp: 2 })
}

export const keeperRows: readonly Row[] = [{ name: 'a line through the keeper, above a pipe', measure }]
