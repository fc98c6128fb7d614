import { array, assert, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Ids } from './ask-id.ts'

function idsAt(times: readonly number[], random = 0.5): string[] {
  let index = 0
  const ids = new Ids('a', { wallMs: () => times[index] ?? 0, random: () => random })
  return times.map((_, at) => {
    index = at
    return ids.next()
  })
}

describe('ask ids', () => {
  test('I12 are short, typed easily and sort by age', () => {
    const [first, second] = idsAt([1_795_000_000_000, 1_795_000_000_001])
    expect(first).toMatch(/^a-[0-9a-hjkmnp-tv-z]{13}$/)
    expect(String(first) < String(second)).toBe(true)
  })

  test('I12 grow, and are never given twice, whatever the clock does', () => {
    assert(
      property(array(integer({ min: 1, max: 2_000_000_000_000 }), { maxLength: 300 }), (times) => {
        const ids = idsAt(times, 0.999_999)
        expect([...ids].sort()).toEqual(ids)
        expect(new Set(ids).size).toBe(ids.length)
      }),
    )
  })

  test('I12 go on after the greatest id in the store when the clock was set back', () => {
    const [future] = idsAt([1_900_000_000_000])
    const ids = new Ids('a', { wallMs: () => 5, random: () => 0 })
    ids.startAfter(String(future))
    expect(ids.next() > String(future)).toBe(true)
  })

  test('I12 go over into the next millisecond when one is used up', () => {
    const times = Array.from({ length: 600_000 }, () => 7)
    const ids = new Ids('a', { wallMs: () => 7, random: () => 0.999_999 })
    let last = ''
    for (const _ of times) {
      const id = ids.next()
      if (id <= last) throw new Error(`${id} is not after ${last}`)
      last = id
    }
    expect(last.length).toBe(15)
  })
})
