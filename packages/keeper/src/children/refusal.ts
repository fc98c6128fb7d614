// Why a child cannot be started, in words that name the thing and what was found.
import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { errnoOf } from '@holdfast/lifecycle'
import type { ChildSpec } from '../api.ts'
import { KeeperError } from '../errors.ts'

/** The `spawn-failed` of an error of the system. */
export function spawnFailed(spec: ChildSpec, cause: unknown): KeeperError {
  const errno = errnoOf(cause)
  const path = spec.env['PATH'] ?? ''
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: spec.command.includes('/') ? 'there is no such file' : `it is not in PATH (${path})`,
    EACCES: 'it may not be executed',
    E2BIG: 'its arguments and environment are too long',
    EAGAIN: 'no more processes may be started',
    EMFILE: 'the keeper has no file descriptor left',
  }
  const reason = (errno === undefined ? undefined : reasons[errno]) ?? errno ?? String(cause)
  return new KeeperError('spawn-failed', `cannot start "${spec.command}": ${reason}`, { cause })
}

/** Throws when the working folder is none: the system's own error would blame the program. */
export function checkFolder(spec: ChildSpec): void {
  const folder = statSync(spec.cwd, { throwIfNoEntry: false })
  if (folder?.isDirectory() === true) return
  const what = folder === undefined ? 'does not exist' : 'is not a folder'
  throw new KeeperError('spawn-failed', `cannot start "${spec.command}": its working folder ${spec.cwd} ${what}`)
}

/** Throws when there is no such program: on a terminal that would only be seen as an exit with code 1. */
export function checkProgram(spec: ChildSpec): void {
  const { command, cwd, env } = spec
  const folders = command.includes('/') ? [''] : (env['PATH'] ?? '').split(':')
  let worst: unknown = Object.assign(new Error('not found'), { code: 'ENOENT' })
  for (const folder of folders) {
    const file = isAbsolute(command) ? command : resolve(cwd, join(folder, command))
    try {
      accessSync(file, constants.X_OK)
      if (statSync(file).isFile()) return
      worst = Object.assign(new Error('not a file'), { code: 'EACCES' })
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') worst = error
    }
  }
  throw spawnFailed(spec, worst)
}
