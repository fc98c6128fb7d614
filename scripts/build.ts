// Builds what users run: one bundle for each program, in packages/cli/dist. `--libraries` also builds the published
// libraries with tsc. Each bundle appears whole (built beside, then renamed), so that a running test never reads half of one.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { builtins } from './builtins.ts'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'packages/cli/dist')

/** Program name to its source. The CLI finds the others beside itself. */
const programs: Record<string, string> = {
  main: 'packages/cli/src/main.ts',
  daemon: 'packages/daemon/src/main.ts',
  keeper: 'packages/keeper/src/main.ts',
  guide: 'packages/cli/src/guide/main.ts',
}

/** What every command and the fastest one need, in one file, and what a start needs in another: each file more costs a millisecond. */
const commandGroups = [
  { name: 'warm', test: /cli\/src\/(run|commands\/status)\.ts$/ },
  { name: 'call', test: /cli\/src\/commands\/mcp-call\.ts$/ },
  { name: 'start', test: /cli\/src\/commands\/up\.ts$|lifecycle\/src\/activation\/activate\.ts$/ },
]

const natives = ['fs-native-extensions', '@lydell/node-pty']

async function bundle(name: string, entry: string, into: string): Promise<void> {
  const build = await rolldown({
    input: { [name]: join(root, entry) },
    platform: 'node',
    external: natives,
    plugins: [builtins()],
    // jsonc-parser's `main` is a wrapper that no bundler can follow; its `module` is plain.
    resolve: { conditionNames: ['source', 'import', 'default'], mainFields: ['module', 'main'] },
    logLevel: 'warn',
  })
  await build.write({
    dir: into,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${name}-[name]-[hash].js`,
    codeSplitting: { groups: name === 'main' ? commandGroups : [] },
    sourcemap: false,
    comments: false,
    // What is not read is not parsed at each start. Names stay, for the stacks of errors.
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
  })
  await build.close()
}

async function buildPrograms(): Promise<void> {
  const fresh = `${dist}.${process.pid}`
  mkdirSync(fresh, { recursive: true })
  const present = Object.entries(programs).filter(([, entry]) => existsSync(join(root, entry)))
  await Promise.all(present.map(([name, entry]) => bundle(name, entry, fresh)))
  writeFileSync(join(fresh, 'package.json'), '{ "type": "module" }\n')
  if (existsSync(join(root, 'docs'))) cpSync(join(root, 'docs'), join(fresh, 'docs'), { recursive: true })
  const old = `${dist}.old.${process.pid}`
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
  rmSync(old, { recursive: true, force: true })
}

function buildLibraries(): void {
  for (const name of readdirSync(join(root, 'packages'))) {
    const config = join(root, 'packages', name, 'tsconfig.build.json')
    if (!existsSync(config)) continue
    rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true })
    const done = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], { stdio: 'inherit' })
    if (done.status !== 0) process.exit(1)
  }
}

await buildPrograms()
if (process.argv.includes('--libraries')) buildLibraries()
