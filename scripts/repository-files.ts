// The files of the repository, without what is installed or built.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')
const passedOver = new Set(['.git', 'node_modules', 'dist', 'coverage'])

/** Paths from the root, in order. `isWanted` sees the path. */
export function repositoryFiles(isWanted: (path: string) => boolean, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      if (passedOver.has(entry.name)) return []
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return repositoryFiles(isWanted, path)
      return entry.isFile() && isWanted(path) ? [path] : []
    })
    .toSorted()
}

export function textOfFile(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}
