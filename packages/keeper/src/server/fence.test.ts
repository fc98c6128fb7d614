import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fence } from './fence.ts'

test('I2 only the connection with the highest epoch commands, in every order of arrivals and leavings', () => {
  const step = fc.record({ kind: fc.constantFrom('claim', 'leave'), connection: fc.nat(3), epoch: fc.nat(4) })
  fc.assert(
    fc.property(fc.nat(2), fc.array(step), (first, steps) => {
      const fence = new Fence<number>(first)
      let highest = first
      let commander: number | null = null
      for (const { kind, connection, epoch } of steps) {
        if (kind === 'leave') {
          fence.leave(connection)
          if (commander === connection) commander = null
          continue
        }
        const deposed = commander === connection ? null : commander
        const isFenced = epoch < highest
        if (!isFenced) [highest, commander] = [epoch, connection]
        const expected = isFenced ? { kind: 'fenced', epoch: highest } : { kind: 'commands', deposed }
        expect(fence.claim(connection, epoch)).toEqual(expected)
        expect(fence.commander).toBe(commander)
        expect(fence.epoch).toBe(highest)
      }
    }),
  )
})
