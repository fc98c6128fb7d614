// Before the packaging tests: builds everything, packs it, and installs the tarballs into an empty folder. What they depend on comes
// from npm's cache, where `npm ci` put it, or else from the registry.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { packOne, published } from '../../scripts/pack.ts'

export interface Installed {
  /** A folder with `node_modules` and nothing else of ours. */
  readonly folder: string
  readonly tarballs: readonly string[]
}

declare module 'vitest' {
  interface ProvidedContext {
    installed: Installed
  }
}

function must(program: string, args: readonly string[], cwd: string): void {
  const done = spawnSync(program, args, { cwd, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${done.stdout}${done.stderr}`)
}

export function setup(project: TestProject): () => void {
  const root = join(import.meta.dirname, '../..')
  const base = mkdtempSync(join(tmpdir(), 'hf-inst-'))
  must(process.execPath, [join(root, 'scripts/build.ts'), '--libraries'], root)
  const tarballs = published.map((name) => packOne(name, base))
  const folder = join(base, 'user')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  must('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs], folder)
  project.provide('installed', { folder, tarballs })
  return () => rmSync(base, { recursive: true, force: true })
}
