import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ensure = join(import.meta.dirname, 'ensure.ts')
// What reads TypeScript is loaded by the first source file and does not count.
const program = `
  await import('node:net')
  await import('node:fs')
  await import(${JSON.stringify(join(import.meta.dirname, '../readiness.ts'))})
  const before = new Set(process.moduleLoadList)
  await import(${JSON.stringify(ensure)})
  process.stdout.write(JSON.stringify(process.moduleLoadList.filter((each) => !before.has(each))))
`

test('the warm path of a client loads node:net and node:fs, and nothing else of the runtime', () => {
  const args = ['--conditions=source', '--input-type=module', '--eval', program]
  const done = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(done.stderr).toBe('')
  const loaded = (JSON.parse(done.stdout) as string[]).map((each) =>
    each.replace(/^NativeModule |^Internal Binding /, ''),
  )
  expect(loaded.filter((each) => /child_process|crypto|worker|http|tls|module$/.test(each))).toEqual([])
})
