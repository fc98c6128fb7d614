import type { AskState } from '@holdfast/protocol'
import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { askEvents, askTransitions, isFinal, nextState } from './transition.ts'

const states = Object.keys(askTransitions) as AskState[]

describe('the life of an ask', () => {
  test('I10 a final state stays, whatever happens', () => {
    for (const state of states.filter(isFinal)) {
      for (const event of askEvents) expect(nextState(state, event)).toBeNull()
    }
  })

  test('I10 an ask is started only while it is queued', () => {
    expect(states.filter((state) => nextState(state, 'start') !== null)).toEqual(['queued'])
  })

  test('I10 a queued ask was never sent, so it can be neither done nor unknown', () => {
    expect(nextState('queued', 'finish')).toBeNull()
    expect(nextState('queued', 'lose')).toBeNull()
  })

  test('I10 every state that is not final has a way to each end', () => {
    for (const state of states.filter((each) => !isFinal(each))) {
      for (const event of ['fail', 'cancel', 'expire'] as const)
        expect(isFinal(nextState(state, event) ?? state)).toBe(true)
    }
  })

  test('I10 no sequence of events starts an ask twice without proof in between that it was not taken', () => {
    assert(
      property(array(constantFrom(...askEvents), { maxLength: 40 }), (events) => {
        let state: AskState = 'queued'
        let isSent = false
        for (const event of events) {
          const next = nextState(state, event)
          if (next === null) continue
          if (event === 'start' && isSent) throw new Error(`started twice by ${events.join(', ')}`)
          if (event === 'start') isSent = true
          if (event === 'requeue') isSent = false
          state = next
        }
      }),
    )
  })
})
