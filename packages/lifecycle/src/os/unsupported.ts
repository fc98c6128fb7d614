// A platform that we cannot ask about processes (Windows for now). Everything is unknown, so nothing is ever signalled.
import type { System } from './system.ts'

export const unsupported: System = {
  platform: 'unsupported',
  bootId: () => 'unknown',
  pidNamespace: () => 'unknown',
  uid: () => -1,
  stat: () => 'unknown',
  pids: () => [],
  all: () => [],
  command: () => '[unknown]',
  ageMs: () => 0,
  workingFolder: () => null,
  variableOf: () => null,
  descriptors: () => 'unknown',
  holdsLock: () => 'unknown',
  kill: () => 'EPERM',
}
