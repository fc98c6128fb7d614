// The ports through which the product's own code runs on the simulated machine, as one process sees it.
import type { ClaimPorts, Files, LockFile, Locks } from '../../packages/lifecycle/src/claim/ports.ts'
import type { Clock } from '../../packages/lifecycle/src/clock.ts'
import type { Listener } from '../../packages/lifecycle/src/serve/listener.ts'
import type { Host } from '../../packages/lifecycle/src/shutdown/host.ts'
import type { Inode } from './disk.ts'
import type { Change, Machine } from './machine.ts'
import type { SimProcess } from './process.ts'

export function portsOf(machine: Machine, process: SimProcess): ClaimPorts {
  return {
    files: filesOf(machine, process),
    locks: locksOf(machine, process),
    processes: {
      bootId: () => machine.bootId,
      judge: ({ pid, bootId }) => {
        const found = machine.processes.find((each) => each.identity.pid === pid)
        return found?.isAlive === true && bootId === machine.bootId ? 'alive' : 'dead'
      },
    },
    clock: clockOf(machine, process),
    bootMs: () => machine.nowMs,
    failpoint: () => undefined,
  }
}

export function hostOf(machine: Machine, process: SimProcess): Host {
  return {
    identity: () => process.identity,
    listen: (path) => listenAt(machine, process, path),
    prepare: () => undefined,
    onSignal: () => () => undefined,
    onCrash: () => () => undefined,
    watchdog: () => ({ armDrain: () => undefined, stop: () => undefined }),
  }
}

function listenAt(machine: Machine, process: SimProcess, path: string): Promise<Listener> {
  const { disk } = machine
  const { pid } = process.identity
  return process.ask(`bind ${path}`, () => {
    machine.witness(process, 'bind', path)
    const inode = disk.bind(path, pid)
    const abandon = (): void => void (inode.listener = null)
    const close = (): void => {
      abandon()
      // As Node does: whatever lies at the path now.
      machine.witness(process, 'remove', path)
      disk.remove(path)
    }
    return { path, close, abandon }
  })
}

function clockOf(machine: Machine, process: SimProcess): Clock {
  return {
    monotonicMs: () => machine.nowMs,
    wallMs: () => machine.nowMs,
    setTimer: (ms, fn) => process.timer(machine.nowMs + ms, fn),
    sleep: (ms) => process.ask('sleep', () => undefined, machine.nowMs + ms),
  }
}

/** A file that is replaced or created takes three steps, between which the process may die. */
function filesOf(machine: Machine, process: SimProcess): Files {
  const { disk } = machine
  const change = <T>(kind: Change, path: string, effect: () => T): Promise<T> =>
    process.ask(`${kind} ${path}`, () => {
      machine.witness(process, kind, path)
      return effect()
    })
  const remove = (path: string): Promise<void> => change('remove', path, () => disk.remove(path))
  const link: Files['link'] = (from, to) => change('link', to, () => disk.link(from, to))
  const rename: Files['rename'] = (from, to) =>
    process.ask(`rename ${to}`, () => {
      machine.witness(process, 'rename', to, disk.names.get(from)?.text)
      disk.rename(from, to)
    })
  const createBeside = async (path: string, text: string): Promise<string> => {
    const beside = machine.nameBeside(path)
    await change('create', beside, () => void disk.create(beside, text))
    return beside
  }
  const replace: Files['replace'] = async (path, text) => {
    const beside = await createBeside(path, text)
    try {
      await rename(beside, path)
    } catch (error) {
      disk.remove(beside)
      throw error
    }
  }
  return {
    read: (path) => process.ask(`read ${path}`, () => disk.names.get(path)?.text ?? null),
    inode: (path) => process.ask(`inode ${path}`, () => disk.names.get(path)?.id ?? null),
    list: (folder) => process.ask(`list ${folder}`, () => disk.list(folder)),
    // Folders are there; making one that exists changes nothing that another could see.
    ensureFolder: () => Promise.resolve(),
    link,
    rename,
    remove,
    replace,
    show: replace,
    async createOnce(path, text) {
      const beside = await createBeside(path, text)
      const result = await link(beside, path)
      await remove(beside)
      return result === 'linked' ? 'created' : 'exists'
    },
  }
}

function locksOf(machine: Machine, process: SimProcess): Locks {
  const { disk } = machine
  return {
    open: (path) =>
      process.ask(`open ${path}`, () =>
        lockFile(machine, process, path, disk.names.get(path) ?? disk.create(path, '')),
      ),
  }
}

function lockFile(machine: Machine, process: SimProcess, path: string, inode: Inode): LockFile {
  const { disk, locks } = machine
  return {
    tryLock: () =>
      process.ask('lock', () => {
        if (locks.has(inode.id)) return false
        locks.set(inode.id, process)
        process.locked.add(inode.id)
        return true
      }),
    inode: () => process.ask('inode of lock', () => inode.id),
    read: () => process.ask('read label', () => inode.text),
    write: (text) =>
      process.ask('write label', () => {
        if (inode.text === '') disk.needSpace(path)
        machine.witness(process, 'write', path, text)
        // Without the padding, which costs time to read.
        inode.text = text.trimEnd()
      }),
    close: () =>
      process.ask('close lock', () => {
        if (process.locked.delete(inode.id)) locks.delete(inode.id)
      }),
  }
}
