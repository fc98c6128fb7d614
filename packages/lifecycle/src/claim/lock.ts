// A lock that the kernel frees when its holder dies: an OFD lock (Linux) or flock (macOS) on an open file. The file itself is only
// a place for a label and is never unlinked. The native module is loaded when the first lock is opened.
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { errnoOf, LifecycleError } from '../errors.ts'
import { labelBytes } from '../record.ts'
import { loadTryLock, type TryLock } from './lock-module.ts'
import type { LockFile, Locks } from './ports.ts'

/** Which file it is, as text. */
export function inodeText(found: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${found.dev}:${found.ino}`
}

async function lockModule(path: string): Promise<TryLock> {
  try {
    return await loadTryLock()
  } catch (error) {
    throw new LifecycleError('lock-unsupported', `the lock module cannot be loaded for ${path}: ${String(error)}`, {
      hint: 'there is no prebuilt binary for this system, or the installation is incomplete: install again',
      cause: error,
    })
  }
}

function tryLockOf(tryLock: TryLock, fd: number, path: string): boolean {
  try {
    return tryLock(fd)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'EAGAIN' || errno === 'EACCES') return false
    throw new LifecycleError('lock-unsupported', `${path} cannot be locked: ${errno ?? String(error)}`, {
      cause: error,
    })
  }
}

async function open(path: string): Promise<LockFile> {
  const tryLock = await lockModule(path)
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  let isOpen = true
  return {
    tryLock: async () => tryLockOf(tryLock, fd, path),
    inode: async () => inodeText(fstatSync(fd, { bigint: true })),
    read: async () => {
      const bytes = Buffer.alloc(labelBytes)
      return bytes.toString('utf8', 0, readSync(fd, bytes, 0, labelBytes, 0))
    },
    write: async (text, durability = 'durable') => {
      const bytes = Buffer.from(text)
      if (writeSync(fd, bytes, 0, bytes.length, 0) !== bytes.length) {
        throw Object.assign(new Error(`ENOSPC: ${path} was not written whole`), { code: 'ENOSPC' })
      }
      if (durability === 'durable') fsyncSync(fd)
    },
    close: async () => {
      if (!isOpen) return
      isOpen = false
      closeSync(fd)
    },
  }
}

/** Locks of this machine. */
export const systemLocks: Locks = { open }
