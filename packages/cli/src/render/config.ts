// Config files and what is wrong with them, for people.
import type { ConfigProblem } from '@holdfast/protocol'

export function renderFiles(files: readonly { readonly path: string; readonly exists: boolean }[]): string {
  return files.map(({ path, exists }) => `  ${path}${exists ? '' : ' (not there)'}`).join('\n')
}

export function renderProblems(problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ file, line, message, fix }) => {
      const at = line === null ? file : `${file}:${line}`
      return `${at}: ${message}\n  fix: ${fix}`
    })
    .join('\n')
}
