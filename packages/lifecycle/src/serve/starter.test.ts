import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseReadiness } from '../readiness.ts'
import { readinessReporter, startedBy } from './starter.ts'

test('the starter chooses the instance and the descriptor; nonsense is not taken', () => {
  expect(startedBy({ HOLDFAST_INSTANCE: 'i1', HOLDFAST_READY_FD: '3' })).toEqual({ instance: 'i1', readyFd: 3 })
  for (const fd of ['', '1', '-1', '2', 'x', '1e3', '99999']) {
    expect(startedBy({ HOLDFAST_READY_FD: fd, HOLDFAST_INSTANCE: '../x' })).toEqual({
      instance: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      readyFd: null,
    })
  }
})

test('readiness is told once; a starter that is gone, or nobody, is no failure', () => {
  const base = mkdtempSync(join(tmpdir(), 'hf-'))
  const file = join(base, 'pipe')
  const report = readinessReporter(openSync(file, 'w'))
  report({ kind: 'lost', by: null })
  report({ kind: 'lost', by: null })
  const text = readFileSync(file, 'utf8')
  expect(parseReadiness(text.trimEnd())).toEqual({ kind: 'lost', by: null })
  const closed = openSync(file, 'w')
  closeSync(closed)
  readinessReporter(closed)({ kind: 'lost', by: null })
  readinessReporter(null)({ kind: 'lost', by: null })
  rmSync(base, { recursive: true })
})
