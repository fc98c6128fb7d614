import { describe, expect, it } from 'vitest'
import { carriers, invariants, untested } from './invariants.ts'
import { textOfFile } from './repository-files.ts'

const carried = carriers()
const rows = [...textOfFile('ARCHITECTURE.md').matchAll(/^\| ([IK]\d+) +\|(?:.*\|)? ([^|]*?) +\|$/gm)]
const table = new Map(rows.map(([, number = '', cell = '']) => [number, cell.trim()]))

it('every number that a test carries is one that there is', () => {
  expect([...carried.keys()].filter((number) => !invariants.includes(number))).toEqual([])
})

it('what is named as untested has no test', () => {
  expect(Object.keys(untested).filter((number) => carried.has(number))).toEqual([])
})

describe('each invariant has a test that carries its number, and its row in ARCHITECTURE.md names one', () => {
  it('one row for each', () => {
    expect(rows.map(([, number]) => number)).toEqual(invariants)
  })

  it.each(invariants.filter((number) => number in untested))('%s has none, and says why', (number) => {
    expect(table.get(number)).toBe(untested[number])
  })

  it.each(invariants.filter((number) => !(number in untested)))('%s', (number) => {
    const files = [...(table.get(number) ?? '').matchAll(/`([^`]+)`/g)].map(([, file]) => file)
    expect(files.length).toBeGreaterThan(0)
    expect(carried.get(number) ?? []).toEqual(expect.arrayContaining(files))
  })
})
