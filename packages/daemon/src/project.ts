// Which project a directory belongs to: the nearest ancestor with a holdfast.json or holdfast.jsonc, else the git root, else the
// directory itself; always the canonical path, so that two ways to one folder are one project.
import { realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { errnoOf } from '@holdfast/lifecycle'
import { DaemonError } from './errors.ts'

const marks = ['holdfast.json', 'holdfast.jsonc']

/** Throws `project-missing` when `directory` is no directory that can be read. */
export async function resolveProject(directory: string): Promise<string> {
  const start = await canonical(directory)
  let gitRoot: string | null = null
  for (let folder = start; ; folder = dirname(folder)) {
    const [hasMark, hasGit] = await Promise.all([hasAny(folder, marks), hasAny(folder, ['.git'])])
    if (hasMark) return folder
    if (hasGit) gitRoot ??= folder
    if (dirname(folder) === folder) return gitRoot ?? start
  }
}

async function canonical(directory: string): Promise<string> {
  if (!isAbsolute(directory)) {
    throw new DaemonError('project-missing', `the project "${directory}" is not an absolute path`)
  }
  try {
    const folder = await realpath(directory)
    if ((await stat(folder)).isDirectory()) return folder
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === undefined) throw error
    throw new DaemonError('project-missing', `the project folder ${directory} cannot be used: ${errno}`, {
      cause: error,
    })
  }
  throw new DaemonError('project-missing', `the project ${directory} is not a folder`)
}

async function hasAny(folder: string, names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    try {
      await stat(join(folder, name))
      return true
    } catch (error) {
      // What cannot be looked at is no mark; the folders above may still have one.
      if (errnoOf(error) === undefined) throw error
    }
  }
  return false
}
