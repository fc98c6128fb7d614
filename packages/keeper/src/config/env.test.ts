import { expect, test } from 'vitest'
import { readStart } from './env.ts'

test('arguments go before the environment', () => {
  const variables = { HOLDFAST_SCOPE: 'blue', HOLDFAST_KEEPER_FAILPOINTS: 'start.ready=kill' }
  expect(readStart([], variables)).toMatchObject({ scope: 'blue', epoch: 0, failpoints: 'start.ready=kill' })
  expect(readStart(['--scope', 'red', '--epoch', '7', '--idle-ms', '50'], variables)).toMatchObject({
    scope: 'red',
    epoch: 7,
    idleMs: 50,
  })
  expect(readStart([], {})).toMatchObject({ scope: 'default', failpoints: undefined })
})

test.each([[['--epoch', 'x']], [['--epoch', '-1']], [['--idle-ms', '1.5']], [['--nonsense']]])(
  '%j is refused',
  (args) => {
    expect(() => readStart(args, {})).toThrow(expect.objectContaining({ code: 'start-invalid' }))
  },
)
