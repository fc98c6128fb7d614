// The machine itself, as the claim sees it.
import { linkSync, lstatSync, readdirSync, renameSync } from 'node:fs'
import { createOnce, readText, removeFile, replaceFile } from '../atomic-file.ts'
import { type Clock, systemClock } from '../clock.ts'
import { errnoOf, fileError } from '../errors.ts'
import { type Failpoint, noFailpoint } from '../failpoint.ts'
import { ensureFolder } from '../folders.ts'
import { thisSystem } from '../os/this-system.ts'
import { isAlive } from '../process/identity.ts'
import { inodeText, systemLocks } from './lock.ts'
import type { ClaimPorts, Files } from './ports.ts'

function link(from: string, to: string): 'linked' | 'exists' | 'absent' {
  try {
    linkSync(from, to)
    return 'linked'
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'EEXIST') return 'exists'
    if (errno === 'ENOENT') return 'absent'
    throw error
  }
}

function inode(path: string): string | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? null : inodeText(found)
}

/** What is no folder holds nothing; whoever needs one there says so, with its path. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return []
    throw fileError('list', folder, error)
  }
}

/** The files of this machine; `failpoint` is passed inside of each durable write. */
export function systemFiles(failpoint: Failpoint = noFailpoint): Files {
  return {
    read: async (path) => readText(path),
    replace: async (path, text) => replaceFile(path, text, { failpoint }),
    show: async (path, text) => replaceFile(path, text, { failpoint, isDurable: false }),
    createOnce: async (path, text) => createOnce(path, text, { failpoint }),
    link: async (from, to) => link(from, to),
    rename: async (from, to) => renameSync(from, to),
    remove: async (path) => removeFile(path),
    inode: async (path) => inode(path),
    list: async (folder) => list(folder),
    ensureFolder: async (path) => ensureFolder(path, thisSystem.uid()),
  }
}

/** Milliseconds since boot: CLOCK_MONOTONIC is one for all processes of a machine. */
export function bootMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}

/** The ports of this machine. */
export function systemPorts({
  clock = systemClock,
  failpoint = noFailpoint,
}: { readonly clock?: Clock; readonly failpoint?: Failpoint } = {}): ClaimPorts {
  return {
    files: systemFiles(failpoint),
    locks: systemLocks,
    processes: { bootId: () => thisSystem.bootId(), judge: (identity) => isAlive(identity) },
    clock,
    bootMs,
    failpoint,
  }
}
