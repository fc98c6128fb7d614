// Every test, from nothing: builds, runs each suite, and ends with one plain line that sums them up.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')
const suites = ['unit', 'simulation', 'integration', 'chaos', 'packaging']
const reports = mkdtempSync(join(tmpdir(), 'hf-reports-'))

interface Counts {
  passed: number
  failed: number
}

function counts(suite: string, status: number | null): Counts {
  try {
    const report: unknown = JSON.parse(readFileSync(join(reports, `${suite}.json`), 'utf8'))
    if (report === null || typeof report !== 'object') return { passed: 0, failed: 1 }
    const passed = 'numPassedTests' in report ? Number(report.numPassedTests) : 0
    const failed = 'numFailedTests' in report ? Number(report.numFailedTests) : 0
    // A file that could not be loaded, or an error outside of a test, fails the run without a failed test.
    return { passed, failed: failed === 0 && status !== 0 ? 1 : failed }
  } catch (error) {
    console.error(`no report of ${suite}: ${String(error)}`)
    return { passed: 0, failed: 1 }
  }
}

function runSuite(suite: string): Counts {
  console.log(`\n== ${suite}`)
  const args = ['run', '--project', suite, '--passWithNoTests', '--reporter=default', '--reporter=json']
  const done = spawnSync(join(bin, 'vitest'), [...args, `--outputFile.json=${join(reports, `${suite}.json`)}`], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CI: '1' },
  })
  return counts(suite, done.status)
}

const built = spawnSync(process.execPath, [join(root, 'scripts/build.ts'), '--libraries'], { stdio: 'inherit' })
const results = built.status === 0 ? suites.map(runSuite) : [{ passed: 0, failed: 1 }]
rmSync(reports, { recursive: true, force: true })
const passed = results.reduce((sum, each) => sum + each.passed, 0)
const failed = results.reduce((sum, each) => sum + each.failed, 0)
process.exitCode = failed === 0 ? 0 : 1
console.log(`${passed} passed, ${failed} failed`)
