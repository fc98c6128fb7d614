// The fast loop: types, lint, format, dead code, unit and property tests. Everything runs, then the failures are shown.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const bin = join(import.meta.dirname, '../node_modules/.bin')

interface Step {
  readonly name: string
  readonly command: readonly [string, ...string[]]
}

const steps: readonly Step[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'declarations', command: ['tsc', '-p', 'packages/lifecycle/tsconfig.build.json', '--noEmit'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'dead code', command: ['knip', '--no-progress'] },
  { name: 'unit tests', command: ['vitest', 'run', '--project', 'unit', '--passWithNoTests'] },
]

function run({ name, command: [program, ...args] }: Step): Promise<boolean> {
  return new Promise((resolve) => {
    const started = performance.now()
    const child = spawn(join(bin, program), args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.stderr.on('data', (data: Buffer) => (output += data.toString()))
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
      if (code !== 0) console.log(output)
      resolve(code === 0)
    })
  })
}

const results = await Promise.all([
  Promise.all(steps.slice(0, -1).map(run)),
  run(steps.at(-1) ?? { name: 'none', command: ['true'] }),
])
process.exitCode = results.flat().every(Boolean) ? 0 : 1
