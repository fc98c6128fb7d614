import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { rawKill } from '../os/kill.ts'
import { fakeProcess, FakeSystem } from '../testing/fake-system.ts'
import { isAlive, processIdentity, sameProcess } from './identity.ts'
import { signalGroup, signalProcess } from './signal.ts'

const good = { pid: 500, startTicks: 1000, bootId: 'boot-1', pidNamespace: 'pid:[1]', uid: 1000 }
const machine = (): FakeSystem =>
  new FakeSystem([fakeProcess(process.pid, { pgid: 77 }), fakeProcess(500), fakeProcess(501)])

test('I6 a proved process is signalled', () => {
  const system = machine()
  expect(signalProcess(good, 'SIGTERM', system)).toBe('sent')
  expect(system.signals).toEqual([{ target: 500, signal: 'SIGTERM' }])
})

test('K13 no signal without proof of pid, start, boot, pid namespace and user', () => {
  const cases = [
    [{ ...good, startTicks: 999 }, 'gone'],
    [{ ...good, bootId: 'boot-0' }, 'gone'],
    [{ ...good, bootId: 'unknown' }, 'refused'],
    [{ ...good, pidNamespace: 'pid:[2]' }, 'refused'],
    [{ ...good, pidNamespace: 'unknown' }, 'refused'],
    [{ ...good, uid: 0 }, 'refused'],
    [{ ...good, pid: 9999 }, 'gone'],
    [{ ...good, pid: 9999, pidNamespace: 'pid:[2]' }, 'refused'],
  ] as const
  for (const [identity, result] of cases) {
    const system = machine()
    expect([identity, signalProcess(identity, 'SIGKILL', system)]).toEqual([identity, result])
    expect(system.signals).toEqual([])
  }
})

test('K13 pid 0, 1, -1, ourselves and our own group cannot be reached by any identity', () => {
  const pids = fc.oneof(fc.constantFrom(0, 1, -1, -500, -77, Number.NaN, 1.5, 2 ** 53), fc.integer({ max: 1 }))
  fc.assert(
    fc.property(pids, (pid) => {
      const system = machine()
      system.put(fakeProcess(pid))
      expect(signalProcess({ ...good, pid }, 'SIGKILL', system)).toBe('refused')
      expect(signalGroup(pid, good, 'SIGKILL', system)).toBe('refused')
      expect(system.signals).toEqual([])
    }),
  )
  const system = machine()
  expect(signalProcess({ ...good, pid: process.pid }, 'SIGKILL', system)).toBe('refused')
  system.put(fakeProcess(502, { pgid: 77 }))
  expect(signalGroup(77, { ...good, pid: 502 }, 'SIGKILL', system)).toBe('refused')
  expect(signalGroup(501, good, 'SIGKILL', system)).toBe('refused')
  expect(system.signals).toEqual([])
  for (const target of [0, 1, -1, Number.NaN, 2.5]) expect(() => rawKill(target, 0)).toThrow(RangeError)
})

test('a group is signalled while a proved process is in it', () => {
  const system = machine()
  expect(signalGroup(500, good, 'SIGTERM', system)).toBe('sent')
  expect(system.signals).toEqual([{ target: -500, signal: 'SIGTERM' }])
  expect(signalGroup(500, { ...good, startTicks: 1 }, 'SIGTERM', system)).toBe('gone')
})

test('K12 EPERM is alive, a zombie is dead, what cannot be placed is unknown', () => {
  const system = machine()
  expect(isAlive(good, system)).toBe('alive')
  expect(isAlive({ ...good, bootId: 'boot-0' }, system)).toBe('dead')
  expect(isAlive({ ...good, pidNamespace: 'pid:[2]' }, system)).toBe('unknown')
  expect(isAlive({ ...good, startTicks: 1 }, system)).toBe('dead')
  expect(isAlive({ ...good, pid: 9999 }, system)).toBe('dead')
  system.put(fakeProcess(500, { state: 'Z', isRunning: false }))
  expect(isAlive(good, system)).toBe('dead')
  const hidden = machine()
  hidden.stat = () => 'unknown'
  expect(isAlive(good, hidden)).toBe('unknown')
  hidden.kill = () => 'EPERM'
  expect(isAlive(good, hidden)).toBe('alive')
})

test('two identities are one process only within one boot and one pid namespace', () => {
  expect(sameProcess(good, { ...good })).toBe(true)
  expect(sameProcess(good, { ...good, startTicks: 1001 })).toBe(false)
  expect(sameProcess(good, { ...good, bootId: 'boot-2' })).toBe(false)
  expect(sameProcess(good, { ...good, bootId: 'unknown' })).toBe('unknown')
  expect(sameProcess(good, { ...good, pidNamespace: 'other' })).toBe('unknown')
})

test('K12 a process of another user is alive, and there is an identity of this one', () => {
  const self = processIdentity(process.pid)
  expect(self !== null && self !== 'unknown' && isAlive(self)).toBe('alive')
  const init = processIdentity(1)
  expect(init !== null && init !== 'unknown' && isAlive(init)).toBe('alive')
})
