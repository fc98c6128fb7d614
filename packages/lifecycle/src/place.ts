// The files of one role (daemon, keeper) in a scope's folders. Names only; nothing here touches the disk.
import { join } from 'node:path'
import { LifecycleError } from './errors.ts'
import type { Folders } from './folders.ts'

/** Where the claim, the record and the sockets of a role lie. */
export interface Place {
  readonly role: string
  readonly run: string
  readonly sockets: string
  readonly claim: string
  /** Folders that must be ours alone before anything in them is used. */
  readonly owned: readonly string[]
  /** Held for life by the one that serves; never unlinked or renamed. */
  readonly lockFile: string
  /** Held by the client that starts one; never unlinked or renamed. */
  readonly startLockFile: string
  readonly epochFile: string
  readonly recordFile: string
  readonly exitsFolder: string
  readonly publicSocket: string
  privateSocket(epoch: number): string
}

const roleName = /^[a-z][a-z0-9-]{0,7}$/

/** The files of `role` (1 to 8 small letters, digits, dashes). Throws `name-invalid`. */
export function placeOf(folders: Folders, role: string): Place {
  if (!roleName.test(role)) {
    throw new LifecycleError('name-invalid', `"${role}" cannot be the name of a role`, {
      hint: 'use 1 to 8 small letters, digits or dashes, starting with a letter',
    })
  }
  const { run, sockets } = folders
  const claim = join(folders.state, 'claim')
  return {
    role,
    run,
    sockets,
    claim,
    owned: folders.owned,
    lockFile: join(claim, `${role}.lock`),
    startLockFile: join(claim, `${role}.start`),
    epochFile: join(claim, `${role}.epoch`),
    recordFile: join(run, `${role}.json`),
    exitsFolder: join(claim, `${role}.exits`),
    publicSocket: join(sockets, `${role}.sock`),
    privateSocket: (epoch) => join(sockets, `${role}.i${epoch}`),
  }
}
