// Writes package-lock.json anew under the development Node (an older one would resolve older majors), without addresses.
// A registry may lack the build of a tool for another platform; npm then leaves it out, and `npm ci` refuses the file.
// Such packages are entered by name, version and platform: nobody on this platform ever fetches them.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const file = join(import.meta.dirname, '../package-lock.json')

interface Entry {
  version?: string
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

interface Lock {
  packages: Record<string, Entry>
}

/** The platform that a package is for, by its name: `@rolldown/binding-linux-x64-musl`. */
function platformOf(name: string): Entry {
  const parts = name
    .replace(/^@[^/]+\//, '')
    .replace(/^binding-/, '')
    .split('-')
  if (parts[0] === 'wasm32') return { cpu: ['wasm32'] }
  const [os = '', cpu = '', abi = ''] = parts
  if (!/^(android|darwin|freebsd|linux|openharmony|win32)$/.test(os)) {
    throw new Error(`package-lock.json lacks ${name}, which is for no known platform`)
  }
  if (abi.startsWith('musl')) return { os: [os], cpu: [cpu], libc: ['musl'] }
  return abi.startsWith('gnu') ? { os: [os], cpu: [cpu], libc: ['glibc'] } : { os: [os], cpu: [cpu] }
}

/** Enters what is missing; gives the names. */
function complete(lock: Lock): string[] {
  const added: string[] = []
  for (const [path, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const nested = `${path}/node_modules/${name}`
      const hoisted = `node_modules/${name}`
      const isThere = nested in lock.packages || lock.packages[hoisted]?.version === version
      if (isThere || path === '' || !/^\d/.test(version)) continue
      const place = hoisted in lock.packages ? nested : hoisted
      lock.packages[place] = { version, optional: true, ...platformOf(name) }
      added.push(name)
    }
  }
  return added
}

rmSync(file, { force: true })
const done = spawnSync('npm', ['install', '--package-lock-only'], { stdio: 'inherit' })
if (done.status !== 0) process.exit(1)
const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock
const added = complete(lock)
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))
const text = `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`
writeFileSync(file, text)
const addresses = text.match(/"resolved": "http/g) ?? []
console.log(`entered for other platforms: ${added.length}; registry addresses: ${addresses.length}`)
process.exitCode = addresses.length === 0 ? 0 : 1
