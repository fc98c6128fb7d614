// Reads the configuration of a project: the user's file, then the project's. Read anew for every question and checked anew only
// when the bytes differ, so that an edit counts at once whatever its modification time says.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConfigProblem } from '@holdfast/protocol'
import { errnoOf } from '@holdfast/lifecycle'
import { type CheckedFile, checkFile } from './check-file.ts'
import { type LoadedConfig, mergeLayers } from './config.ts'

export interface ConfigLoader {
  /** `project`: its canonical folder. Problems never throw; what is sound is used. */
  load(project: string): Promise<LoadedConfig>
}

/** A configuration is written by hand; what is larger is something else. */
const fileLimitBytes = 1024 * 1024
const cachedFiles = 64

interface Layer {
  readonly file: string
  readonly exists: boolean
  readonly checked: CheckedFile
}

/** `configFolder`: where the user's own configuration lies. */
export function createConfigLoader(configFolder: string): ConfigLoader {
  const cache = new Map<string, { text: string; checked: CheckedFile }>()
  const check = (file: string, text: string): CheckedFile => {
    const known = cache.get(file)
    if (known?.text === text) return known.checked
    const checked = checkFile(file, text)
    cache.delete(file)
    cache.set(file, { text, checked })
    for (const oldest of [...cache.keys()].slice(0, Math.max(0, cache.size - cachedFiles))) cache.delete(oldest)
    return checked
  }
  const folders = (project: string) => [
    { folder: configFolder, name: 'config' },
    { folder: project, name: 'holdfast' },
  ]
  return {
    async load(project) {
      const layers = await Promise.all(folders(project).map(({ folder, name }) => readLayer(folder, name, check)))
      return {
        config: mergeLayers(layers.map(({ file, checked }) => ({ file, entries: checked.entries }))),
        files: layers.map(({ file, exists }) => ({ path: file, exists })),
        problems: layers.flatMap(({ checked }) => checked.problems),
      }
    },
  }
}

async function readLayer(
  folder: string,
  name: string,
  check: (file: string, text: string) => CheckedFile,
): Promise<Layer> {
  const [plain, commented] = [join(folder, `${name}.json`), join(folder, `${name}.jsonc`)]
  const [first, second] = await Promise.all([readText(plain), readText(commented)])
  const file = first === null && second !== null ? commented : plain
  const found = first ?? second
  if (found === null) return { file: plain, exists: false, checked: checkFile(plain, '{}') }
  const checked = typeof found === 'string' ? check(file, found) : { ...checkFile(file, '{}'), problems: [found] }
  if (first === null || second === null) return { file, exists: true, checked }
  const both: ConfigProblem = {
    file: commented,
    line: null,
    path: '',
    message: `is not used: ${plain} is there as well`,
    fix: 'Keep one of the two files.',
  }
  return { file, exists: true, checked: { ...checked, problems: [...checked.problems, both] } }
}

/** The text; null when there is no such file; a problem when it cannot be read. */
async function readText(file: string): Promise<string | ConfigProblem | null> {
  const problem = (message: string, fix: string): ConfigProblem => ({ file, line: null, path: '', message, fix })
  try {
    // A FIFO in its place is not waited for: such a read would hold the daemon even when it leaves.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const found = await handle.stat()
      if (!found.isFile() && !found.isDirectory()) return problem('is no file', 'Put a file there, or remove it.')
      if (found.isDirectory() || found.size <= fileLimitBytes) return await handle.readFile('utf8')
      const message = `has ${found.size} bytes; a configuration has at most ${fileLimitBytes}`
      return problem(message, 'Is this the right file?')
    } finally {
      await handle.close()
    }
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return null
    return problem(`cannot be read: ${errno ?? String(error)}`, 'Make it a readable file, or remove it.')
  }
}
