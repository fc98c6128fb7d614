// The suites with real processes run the built programs, as a user would; they are built once before.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export function setup(): void {
  const root = join(import.meta.dirname, '../..')
  const done = spawnSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'inherit' })
  if (done.status !== 0) throw new Error('the build failed')
}
