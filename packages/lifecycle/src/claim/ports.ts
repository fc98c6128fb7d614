// What the claim and the publication need from a machine. The programs use the real one, the simulation its own: the very same
// protocol code runs over both. Each call is atomic or has no effect at all; a crash may come between any two.
import type { Clock } from '../clock.ts'
import type { Failpoint } from '../failpoint.ts'
import type { Identity } from '../identity.ts'

/** Files in folders that are ours. Errors are those of the system (with an errno in `code`). */
export interface Files {
  /** The text, or null when there is no such file. */
  read(path: string): Promise<string | null>
  /** Durably replaces or creates; whole or not at all. */
  replace(path: string, text: string): Promise<void>
  /** The same for what may be lost in a power cut. */
  show(path: string, text: string): Promise<void>
  /** Durably creates; an existing file stays. */
  createOnce(path: string, text: string): Promise<'created' | 'exists'>
  /** A second name for the same file, or for the same socket; replaces nothing. */
  link(from: string, to: string): Promise<'linked' | 'exists' | 'absent'>
  /** Puts `from` in the place of `to` at one instant. */
  rename(from: string, to: string): Promise<void>
  /** Removes a name; a missing one is fine. */
  remove(path: string): Promise<void>
  /** Which file or socket a name stands for (device and inode; links are not followed), or null. */
  inode(path: string): Promise<string | null>
  /** The names in a folder; none when it is missing. */
  list(folder: string): Promise<string[]>
  /** Makes a folder (0700) if it is missing, and verifies that it is ours alone. */
  ensureFolder(path: string): Promise<void>
}

/** An open lock file. The lock goes with the open file: closing it, or the death of the process, frees it. */
export interface LockFile {
  /** Takes the lock if it is free; never waits. */
  tryLock(): Promise<boolean>
  /** Which file is open, to compare with the one at the path. */
  inode(): Promise<string>
  /** What is written in it. */
  read(): Promise<string>
  /** Replaces what is written in it by a text of the same length as ever (or a first one), durably unless told otherwise. */
  write(text: string, durability?: 'durable' | 'visible'): Promise<void>
  close(): Promise<void>
}

export interface Locks {
  /** Opens the file (creating it empty when missing); takes nothing. */
  open(path: string): Promise<LockFile>
}

/** What is known of other processes. */
export interface Processes {
  bootId(): string
  judge(identity: Identity): 'alive' | 'dead' | 'unknown'
}

/** Everything that the claim needs. */
export interface ClaimPorts {
  readonly files: Files
  readonly locks: Locks
  readonly processes: Processes
  readonly clock: Clock
  /** Milliseconds since the machine started, the same for every process of it (exit records carry it). */
  bootMs(): number
  readonly failpoint: Failpoint
}
