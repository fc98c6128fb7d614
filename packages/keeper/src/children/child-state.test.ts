import { expect, test } from 'vitest'
import { type ChildEffect, type ChildEvent, type ChildState, hasExited, transition } from './child-state.ts'

const events: readonly ChildEvent[] = ['output-closed', 'closing-over', 'exited', 'swept', 'linger-over']

/** Every order in which a subset of the events can happen, each at most once. */
function* histories(
  rest: readonly ChildEvent[] = events,
  sofar: readonly ChildEvent[] = [],
): Generator<readonly ChildEvent[]> {
  yield sofar
  for (const event of rest)
    yield* histories(
      rest.filter((each) => each !== event),
      [...sofar, event],
    )
}

function run(history: readonly ChildEvent[]): { state: ChildState; effects: ChildEffect[] } {
  let state: ChildState = 'running'
  const effects: ChildEffect[] = []
  for (const event of history) {
    const next = transition(state, event)
    state = next.state
    effects.push(...next.effects)
  }
  return { state, effects }
}

test('I9 in every order of events the exit is announced at most once, last, and only when the process is gone and swept', () => {
  for (const history of histories()) {
    const { state, effects } = run(history)
    const announced = effects.filter((effect) => effect === 'announce-exit').length
    expect(announced).toBe(state === 'ended' ? 1 : 0)
    const isEarned = effects.at(-1) === 'announce-exit' && effects.includes('settle-exit') && effects.includes('sweep')
    const isTrue = history.includes('exited') && history.includes('swept')
    expect(announced === 0 || (isEarned && isTrue)).toBe(true)
    expect(effects.filter((effect) => effect === 'sweep').length).toBe(hasExited(state) ? 1 : 0)
  }
})

test('I9 output is given up on only after the exit and the sweep', () => {
  for (const history of histories()) {
    const { effects } = run(history)
    const abandoned = effects.indexOf('abandon-output')
    const before = effects.slice(0, Math.max(0, abandoned))
    expect(abandoned === -1 || (before.includes('sweep') && before.includes('await-output'))).toBe(true)
  }
})

test('every state can still reach the end', () => {
  const states: ChildState[] = ['running', 'closing', 'closed', 'sweeping-open', 'sweeping', 'lingering', 'ended']
  for (const first of states) {
    let state = first
    for (const event of ['exited', 'swept', 'output-closed', 'swept', 'linger-over'] as const)
      state = transition(state, event).state
    expect(state).toBe('ended')
  }
})

test('nothing changes a child that has ended', () => {
  const after = events.map((event) => transition('ended', event))
  expect(after).toEqual(events.map(() => ({ state: 'ended', effects: [] })))
})
