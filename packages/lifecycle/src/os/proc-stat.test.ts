import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { linux } from './linux.ts'
import { parseStat } from './proc-stat.ts'

const rest = 'S 10 11 12 0 -1 4194304 98 0 0 0 250 50 0 0 20 0 1 0 166347 3133440 394 184 1 1 0 0 0 0 0 0'

test('K13 fields are counted after the LAST bracket, whatever a program calls itself', () => {
  const name = fc.string({ maxLength: 15 })
  fc.assert(
    fc.property(fc.oneof(name, fc.constantFrom('a) R 1 1 1', '))) (', ') S 0 0 0 0 ', '\n)')), (comm) => {
      const stat = parseStat(`42 (${comm}) ${rest}\n`, 1000, 4096)
      expect(stat).toMatchObject({
        pid: 42,
        ppid: 10,
        pgid: 11,
        session: 12,
        startTicks: 166_347,
        state: 'S',
        uid: 1000,
      })
      expect(stat).toMatchObject({ rssBytes: 394 * 4096, cpuSeconds: 3, isRunning: true, name: comm })
    }),
  )
})

test('what is no stat line is no process', () => {
  for (const line of ['', '42', '42 (x', '42 (x) ', '42 (x) S', `x (x) ${rest}`])
    expect(parseStat(line, 0, 4096)).toBe(null)
})

test('K12 a zombie does not run, unless threads of it still do', () => {
  const zombie = rest.replace(/^S/, 'Z')
  expect(parseStat(`42 (x) ${zombie}`, 0, 4096)?.isRunning).toBe(false)
  expect(parseStat(`42 (x) ${zombie.replace(' 20 0 1 0 ', ' 20 0 3 0 ')}`, 0, 4096)?.isRunning).toBe(true)
})

test.runIf(process.platform === 'linux')('this very process is seen whole', () => {
  const self = linux.stat(process.pid)
  expect(self).toMatchObject({ pid: process.pid, ppid: process.ppid, uid: process.geteuid?.(), isRunning: true })
  expect(self !== null && self !== 'unknown' && self.rssBytes > 10_000_000).toBe(true)
  expect(linux.all().some((each) => each.pid === process.pid)).toBe(true)
  expect(linux.command(process.pid)).toContain('node')
  expect(linux.stat(-1)).toBe(null)
  expect(linux.stat(2 ** 31 - 1)).toBe(null)
})
