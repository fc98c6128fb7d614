// Where the other programs lie: beside this one in a build; in their packages when run from source.
import { join } from 'node:path'

const sources = { keeper: '../../keeper/src/main.ts', guide: '../../cli/src/guide/main.ts' } as const

export interface Program {
  readonly command: string
  readonly args: readonly string[]
}

/** How a program of ours is started: by this runtime, with this runtime's flags. */
export function ownProgram(name: keyof typeof sources): Program {
  const isSource = import.meta.filename.endsWith('.ts')
  const file = isSource ? join(import.meta.dirname, sources[name]) : join(import.meta.dirname, `${name}.js`)
  return { command: process.execPath, args: [...process.execArgv, file] }
}
