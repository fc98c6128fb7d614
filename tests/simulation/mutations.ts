// The protocol made wrong on purpose, one way each. Each is a mistake that a real daemon has made; the checker must see it.
import type { ClaimPorts, Files, LockFile } from '../../packages/lifecycle/src/claim/ports.ts'
import type { SimProcess } from './process.ts'
import type { Mutation } from './run.ts'

function withFiles(ports: ClaimPorts, change: (files: Files) => Partial<Files>): ClaimPorts {
  return { ...ports, files: { ...ports.files, ...change(ports.files) } }
}

function withLock(ports: ClaimPorts, change: (lock: LockFile) => Partial<LockFile>): ClaimPorts {
  const open = async (path: string): Promise<LockFile> => {
    const lock = await ports.locks.open(path)
    return { ...lock, ...change(lock) }
  }
  return { ...ports, locks: { open } }
}

const isExit = (path: string): boolean => path.includes('.exits/')
const isExitOfOther = (path: string, process: SimProcess): boolean =>
  isExit(path) && !path.endsWith(`/${process.instance}.json`)
const isPublic = (path: string): boolean => path.endsWith('.sock')

export const mutations: Readonly<Record<string, Mutation>> = {
  'believes that it has the lock': (ports) =>
    withLock(ports, (lock) => ({ tryLock: () => lock.tryLock().then(() => true) })),

  'looks whether the holder lives instead of locking': (ports) =>
    withLock(ports, (lock) => ({
      tryLock: async () => {
        const text = await lock.read()
        return text === '' || (await lock.tryLock())
      },
    })),

  "labels the lock before the predecessor's end is recorded": (ports, process) => {
    const late: (() => Promise<unknown>)[] = []
    const changed = withFiles(ports, (files) => ({
      createOnce: (path, text) => {
        if (!isExitOfOther(path, process)) return files.createOnce(path, text)
        late.push(() => files.createOnce(path, text))
        return Promise.resolve('created')
      },
    }))
    return withLock(changed, (lock) => ({
      write: async (text) => {
        await lock.write(text)
        for (const write of late.splice(0)) await write()
      },
    }))
  },

  'never records the end of the one before': (ports, process) =>
    withFiles(ports, (files) => ({
      createOnce: (path, text) =>
        isExitOfOther(path, process) ? Promise.resolve('exists') : files.createOnce(path, text),
    })),

  'overwrites exit records: the last writer wins': (ports) =>
    withFiles(ports, (files) => ({
      read: (path) => (isExit(path) ? Promise.resolve(null) : files.read(path)),
      createOnce: (path, text) => files.replace(path, text).then(() => 'created'),
    })),

  'writes exit records in place, so that a crash tears them': (ports, process, machine) =>
    withFiles(ports, () => ({
      createOnce: async (path, text) => {
        if (machine.disk.names.has(path)) return 'exists'
        await process.ask(`create ${path}`, () => void machine.disk.create(path, text.slice(0, 20)))
        await process.ask(`write ${path}`, () => {
          const inode = machine.disk.names.get(path)
          if (inode !== undefined) inode.text = text
        })
        return 'created'
      },
    })),

  'takes the epoch of the one before again': (ports) => {
    const lower = (text: string): string =>
      text.replace(/"epoch":(\d+)/, (_, epoch) => `"epoch":${Math.max(1, Number(epoch) - 1)}`)
    return withLock(ports, (lock) => ({ write: (text) => lock.write(lower(text)) }))
  },

  'removes the public name before it puts its own there': (ports) =>
    withFiles(ports, (files) => ({
      rename: async (from, to) => {
        if (isPublic(to)) await files.remove(to)
        if (!isPublic(to)) return await files.rename(from, to)
        await files.link(from, to)
        await files.remove(from)
      },
    })),

  'publishes, like so many, before it holds the claim': (ports) => ({
    ...ports,
    locks: {
      open: async (path) => {
        await ports.files.remove('/run/daemon.sock')
        return await ports.locks.open(path)
      },
    },
  }),

  'lets go of the claim before it withdraws its socket': (ports) => {
    const held: LockFile[] = []
    const changed = withLock(ports, (lock) => {
      held.push(lock)
      return {}
    })
    return withFiles(changed, (files) => ({
      remove: async (path) => {
        if (isPublic(path)) for (const lock of held) await lock.close()
        return await files.remove(path)
      },
    }))
  },

  'withdraws the public name whoever owns it, after its end': (ports) =>
    withLock(ports, (lock) => ({ close: () => lock.close().then(() => ports.files.remove('/run/daemon.sock')) })),

  'removes the lock file when it leaves': (ports) =>
    withLock(ports, (lock) => ({
      close: () => ports.files.remove('/state/claim/daemon.lock').then(() => lock.close()),
    })),

  'names its socket in the record before it listens': (ports) => {
    let early: string | null = null
    return withFiles(ports, (files) => ({
      list: async (folder) => {
        if (folder === '/run' && early === null) {
          early = 'done'
          const label = await files.read('/state/claim/daemon.lock')
          await files.show('/run/daemon.json', recordOf(label ?? ''))
        }
        return await files.list(folder)
      },
    }))
  },

  'trusts a lock that the kernel grants twice': (ports, process, machine) =>
    withLock(ports, (lock) => ({
      tryLock: async () => {
        const id = await lock.inode()
        process.locked.add(id)
        machine.locks.set(id, process)
        return true
      },
    })),

  'tidies its public name away once it is ready': (ports) =>
    withFiles(ports, (files) => ({
      show: async (path, text) => {
        await files.show(path, text)
        if (text.includes('"ready"')) await files.remove('/run/daemon.sock')
      },
    })),

  'closes the listener that it published': (ports, process, machine) =>
    withFiles(ports, (files) => ({
      rename: async (from, to) => {
        await files.rename(from, to)
        const socket = machine.disk.names.get(to)
        if (isPublic(to) && socket !== undefined) socket.listener = null
      },
    })),

  'never looks whether its public name is still there': (ports, process) =>
    withFiles(ports, (files) => ({
      inode: (path) => files.inode(isPublic(path) ? `/run/daemon.i${process.epoch}` : path),
    })),

  'leaves what a crash left unfinished': (ports) => withFiles(ports, () => ({ list: () => Promise.resolve([]) })),
}

/** A record as the daemon itself would write it, from its label. */
function recordOf(label: string): string {
  const fields = JSON.parse(label) as Record<string, unknown>
  const rest = { schema: 1, protocol: { min: 1, max: 1 }, execPath: '/node', config: null, owner: null }
  return JSON.stringify({ ...fields, ...rest, state: 'starting', startedAt: '2026-01-01T00:00:00.000Z' })
}
