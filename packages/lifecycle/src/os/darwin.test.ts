import { expect, test } from 'vitest'
import { parsePs } from './darwin.ts'

// From the manual of ps, as there is no Mac among the machines that run these tests.
test('a line of ps is a process', () => {
  const line = '  501     1   501      0   502 Ss    12345   1:02.50 Sat Nov 21 13:41:43 2026'
  expect(parsePs(line)).toMatchObject({ pid: 501, ppid: 1, pgid: 501, uid: 502, state: 'S', isRunning: true })
  expect(parsePs(line)).toMatchObject({ rssBytes: 12_345 * 1024, cpuSeconds: 62.5 })
  expect(parsePs(line.replace('Ss', 'Z '))?.isRunning).toBe(false)
  expect(parsePs(line.replace('  1:02.50', '1-02:03:04'))?.cpuSeconds).toBe(93_784)
  for (const other of ['', 'ps: illegal option', '1 2 3']) expect(parsePs(other)).toBe(null)
})
