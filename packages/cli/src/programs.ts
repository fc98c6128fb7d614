// The programs that lie beside this one in dist/, and how the daemon is started.
import { join } from 'node:path'

/** Every program is one bundle in the folder of this one. */
export function programPath(name: 'daemon' | 'keeper' | 'guide'): string {
  return join(import.meta.dirname, `${name}.js`)
}

/** The docs that belong to this build. */
export function docsFolder(): string {
  return join(import.meta.dirname, 'docs')
}

/** A daemon idles most of its life: a small young generation and code that is thrown away when unused keep it small. */
export const runtimeFlags: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=1',
  '--optimize-for-size',
]
