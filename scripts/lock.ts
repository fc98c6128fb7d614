// Writes package-lock.json anew under the development Node (an older one would resolve older majors), without addresses.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const done = spawnSync('npm', ['install', '--package-lock-only'], { cwd: root, stdio: 'inherit' })
const addresses = readFileSync(join(root, 'package-lock.json'), 'utf8').match(/"resolved": "http/g) ?? []
if (addresses.length > 0) console.error(`package-lock.json has ${addresses.length} registry addresses`)
process.exitCode = done.status === 0 && addresses.length === 0 ? 0 : 1
