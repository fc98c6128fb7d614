import { expect, test } from 'vitest'
import { daemonEnvironment } from './start-command.ts'

test('a daemon gets what it needs of the environment and nothing of its starter', () => {
  const env = {
    PATH: '/bin',
    HOME: '/home/x',
    LC_ALL: 'C',
    XDG_RUNTIME_DIR: '/run/user/1',
    HOLDFAST_HOME: '/h',
    HOLDFAST_CHILD: 'default/a1',
    HOLDFAST_INSTANCE: 'of-the-starter',
    HOLDFAST_READY_FD: '9',
    NODE_OPTIONS: '--inspect',
    ANTHROPIC_API_KEY: 'secret',
    LD_PRELOAD: '/x.so',
    TZ: undefined,
  }
  expect(daemonEnvironment(env, 'mine')).toEqual({
    PATH: '/bin',
    HOME: '/home/x',
    LC_ALL: 'C',
    XDG_RUNTIME_DIR: '/run/user/1',
    HOLDFAST_HOME: '/h',
    HOLDFAST_INSTANCE: 'mine',
    HOLDFAST_READY_FD: '3',
  })
})

test('what the runtime of a daemon needs comes from the command, never from the starter', () => {
  const env = { PATH: '/bin', NODE_COMPILE_CACHE: '/of/the/starter' }
  const own = { PATH: '/bin', HOLDFAST_INSTANCE: 'mine', HOLDFAST_READY_FD: '3' }
  expect(daemonEnvironment(env, 'mine')).toEqual(own)
  expect(daemonEnvironment(env, 'mine', { NODE_COMPILE_CACHE: '/c' })).toEqual({ ...own, NODE_COMPILE_CACHE: '/c' })
})
