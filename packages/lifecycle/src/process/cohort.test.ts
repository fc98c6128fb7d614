import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FakeProcess, fakeProcess, FakeSystem } from '../testing/fake-system.ts'
import { type Cohort, membersOf } from './cohort.ts'
import { takeSnapshot } from './snapshot.ts'

const cohort: Cohort = {
  leader: { pid: 100, startTicks: 1000 },
  group: 100,
  tag: 'test/a',
  marks: new Set(['pipe:[7]']),
  known: new Set(),
}
const self = fakeProcess(process.pid, { ppid: 90, pgid: 90 })
const find = (
  processes: readonly FakeProcess[],
  of: Cohort = cohort,
): { pids: number[]; isGroupProved: boolean; unproved: number[] } => {
  const { members, isGroupProved, unproved } = membersOf(takeSnapshot(new FakeSystem([self, ...processes])), of)
  return {
    pids: members.map((each) => each.pid).sort((a, b) => a - b),
    isGroupProved,
    unproved: unproved.map((each) => each.pid),
  }
}

test('K39 members are the group, descent, the tag, inherited pipes', () => {
  const found = find([
    fakeProcess(100),
    fakeProcess(101, { pgid: 100 }),
    fakeProcess(102, { ppid: 101, pgid: 102 }),
    fakeProcess(103, { variables: { HOLDFAST_CHILD: 'test/a' } }),
    fakeProcess(104, { ppid: 103 }),
    fakeProcess(105, { descriptors: ['/dev/null', 'pipe:[7]'] }),
    fakeProcess(200),
    // The same tag, given out by another home.
    fakeProcess(202, { variables: { HOLDFAST_CHILD: 'test/a', HOLDFAST_STATE: '/elsewhere' } }),
    fakeProcess(201, { descriptors: ['pipe:[8]'], variables: { HOLDFAST_CHILD: 'test/ab' } }),
  ])
  expect(found).toEqual({ pids: [100, 101, 102, 103, 104, 105], isGroupProved: true, unproved: [] })
})

test('K40 who carries the tag of another child is spared, whoever started it and whatever it holds', () => {
  const other = { HOLDFAST_CHILD: 'test/b' }
  const found = find([
    fakeProcess(100),
    fakeProcess(110, { ppid: 100, variables: other }),
    fakeProcess(111, { descriptors: ['pipe:[7]'], variables: other }),
  ])
  expect(found.pids).toEqual([100])
})

test('K36 a daemon that a child has just started is not of the child', () => {
  const found = find([
    fakeProcess(100),
    fakeProcess(110, { ppid: 100, variables: { HOLDFAST_INSTANCE: 'x' } }),
    fakeProcess(111, { ppid: 110 }),
  ])
  expect(found.pids).toEqual([100])
})

test('I6 a group without a proved member is not ours: its number may have been given out again', () => {
  const found = find([fakeProcess(100, { startTicks: 2000 }), fakeProcess(101, { pgid: 100, startTicks: 2001 })])
  expect(found).toEqual({ pids: [], isGroupProved: false, unproved: [] })
  const leaderless = find([fakeProcess(101, { pgid: 100 })])
  expect(leaderless).toEqual({ pids: [], isGroupProved: false, unproved: [101] })
  const known = { ...cohort, known: new Set(['101:1000']) }
  expect(find([fakeProcess(101, { pgid: 100 }), fakeProcess(102, { pgid: 100 })], known).pids).toEqual([101, 102])
})

test('K13 ourselves, our ancestors, pid 1 and our own group are never members', () => {
  const everything = { variables: { HOLDFAST_CHILD: 'test/a' }, descriptors: ['pipe:[7]'] }
  const processes = [
    fakeProcess(1, { ppid: 0, pgid: 90, ...everything }),
    fakeProcess(80, { pgid: 90, ...everything }),
    fakeProcess(90, { ppid: 80, ...everything }),
    fakeProcess(91, { pgid: 90, ...everything }),
    fakeProcess(92, { pgid: 90 }),
  ]
  const found = find(processes, { ...cohort, group: 90 })
  expect(found.pids).toEqual([91])
  expect(found.isGroupProved).toBe(false)
})

test('K12 a zombie is no member', () => {
  expect(find([fakeProcess(100, { state: 'Z', isRunning: false })]).pids).toEqual([])
})

test('K40 in any forest of processes, members have a reason: nothing of another child or of the user is in', () => {
  const one = fc.record({
    parent: fc.nat(20),
    group: fc.nat(20),
    tag: fc.constantFrom(null, 'test/a', 'test/b', 'other/a'),
    holds: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 20 }), (list) => {
      const processes = list.map((each, index) =>
        fakeProcess(100 + index, {
          ppid: each.parent < index ? 100 + each.parent : 1,
          pgid: 100 + each.group,
          variables: each.tag === null ? {} : { HOLDFAST_CHILD: each.tag },
          descriptors: each.holds ? ['pipe:[7]'] : [],
        }),
      )
      const { pids } = find(processes)
      for (const process of processes.filter((each) => pids.includes(each.pid))) {
        const tag = process.variables?.['HOLDFAST_CHILD']
        const isOfGroup = process.pgid === 100
        const hasReason = process.pid === 100 || isOfGroup || tag === 'test/a' || tag === undefined
        expect(hasReason).toBe(true)
      }
    }),
  )
})
