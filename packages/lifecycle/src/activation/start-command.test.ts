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
