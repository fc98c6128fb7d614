// Packs what is published, into the folder that is given: npm tarballs of the built packages. Each is put together in a folder of
// its own, because its manifest there differs: no condition `source` (it names files that are not published) and no development
// dependencies. Build first, with `--libraries`.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')

/** What is published, by its folder in packages/. */
export const published = ['cli', 'lifecycle', 'protocol'] as const

interface Manifest {
  readonly name: string
  readonly version: string
  readonly files: readonly string[]
}

function withoutSource(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  const kept = Object.entries(value).filter(([name]) => name !== 'source')
  return Object.fromEntries(kept.map(([name, each]) => [name, withoutSource(each)]))
}

/** The manifest as it is published. */
function publishedManifest(manifest: Manifest): object {
  const kept = Object.entries(manifest).filter(([name]) => name !== 'devDependencies')
  return Object.fromEntries(kept.map(([name, value]) => [name, name === 'exports' ? withoutSource(value) : value]))
}

/** Packs one package into `destination`; gives the tarball's path. */
export function packOne(name: (typeof published)[number], destination: string): string {
  const folder = join(root, 'packages', name)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const stage = mkdtempSync(join(tmpdir(), 'hf-pack-'))
  try {
    for (const entry of manifest.files) {
      if (!existsSync(join(folder, entry))) throw new Error(`packages/${name} lacks ${entry}: build it first`)
      cpSync(join(folder, entry), join(stage, entry), { recursive: true })
    }
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`)
    const args = ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', destination]
    const done = spawnSync('npm', args, { cwd: stage, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`npm pack of ${manifest.name} failed: ${done.stdout}${done.stderr}`)
    return join(destination, done.stdout.trim().split('\n').at(-1) ?? '')
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const destination = resolve(process.argv[2] ?? join(root, 'dist'))
  mkdirSync(destination, { recursive: true })
  for (const name of published) console.log(packOne(name, destination))
}
