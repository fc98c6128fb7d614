// Finds programs as a shell would, and their version without running them.
import { constants } from 'node:fs'
import { access, readFile, realpath, stat } from 'node:fs/promises'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { errnoOf } from '@holdfast/lifecycle'
import * as v from 'valibot'

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch (error) {
    // Not there, or not ours to run: not a program for us.
    if (errnoOf(error) === undefined) throw error
    return false
  }
}

/** The file of a command; a command with a slash is relative to `cwd`. Null when there is none that can be run. */
export async function findProgram(command: string, where: { path: string; cwd: string }): Promise<string | null> {
  if (command.includes('/')) {
    const file = isAbsolute(command) ? command : resolve(where.cwd, command)
    return (await isProgram(file)) ? file : null
  }
  for (const folder of where.path.split(delimiter)) {
    if (!isAbsolute(folder)) continue
    const file = join(folder, command)
    if (await isProgram(file)) return file
  }
  return null
}

const Manifest = v.object({ name: v.string(), version: v.string() })

async function readManifest(file: string): Promise<string | null> {
  try {
    const parsed = v.safeParse(Manifest, JSON.parse(await readFile(file, 'utf8')))
    return parsed.success ? parsed.output.version : null
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof SyntaxError)) throw error
    return null
  }
}

/** The version in the package that a program belongs to, for programs that npm installed; null where it is not that cheap. */
export async function installedVersion(program: string): Promise<string | null> {
  let folder = dirname(await realpath(program))
  for (let level = 0; level < 4 && folder.includes('node_modules'); level += 1) {
    const version = await readManifest(join(folder, 'package.json'))
    if (version !== null) return version
    folder = dirname(folder)
  }
  return null
}
