import type { HeldChild } from '@holdfast/keeper'
import type { ProcessStat } from '@holdfast/lifecycle'
import { describe, expect, it } from 'vitest'
import { heldProcesses, type Observed } from './processes.ts'

const at = '2026-01-01T00:00:00.000Z'

function stat(pid: number, more: Partial<ProcessStat> = {}): ProcessStat {
  const plain = { ppid: 1, pgid: pid, session: pid, startTicks: 10, state: 'S', isRunning: true, uid: 1 }
  return { pid, ...plain, rssBytes: 1000, cpuSeconds: 0.5, ...more }
}

function child(pid: number, more: Partial<HeldChild> = {}): HeldChild {
  const plain: Partial<HeldChild> = { id: `c${pid}`, pid, startTicks: 10, startedAt: at, exit: null }
  return { ...plain, ...more } as HeldChild
}

function observed(held: readonly HeldChild[], table: readonly ProcessStat[]): Observed {
  return {
    daemon: { pid: 2, instance: 'd', startedAt: at, state: 'ready' },
    keeper: { pid: 3, instance: 'k', startedAt: at, isSilent: false },
    held,
    table,
    scope: 'default',
    describe: () => null,
  }
}

const exited = { code: 3, signal: null } as HeldChild['exit']

describe('heldProcesses', () => {
  it.each([
    [[], '0 children'],
    [[child(4)], '1 child'],
    [[child(4), child(5)], '2 children'],
    [[child(4), child(5, { exit: exited })], '1 child'],
  ])('counts the children that run: %#', (held, serves) => {
    const [, keeper] = heldProcesses(observed(held, []))
    expect(keeper).toMatchObject({ kind: 'keeper', serves, startedAt: at })
  })

  it('shows what the whole group of a child uses, once its leader proves the group', () => {
    const table = [stat(4), stat(40, { pgid: 4 }), stat(5, { startTicks: 99 }), stat(50, { pgid: 5 })]
    const [, , proved, reused] = heldProcesses(observed([child(4), child(5)], table))
    expect(proved).toMatchObject({ rssBytes: 2000, cpuSeconds: 1, state: 'running' })
    expect(reused).toMatchObject({ rssBytes: null, cpuSeconds: null })
  })

  it('tells running, stopped and ended apart', () => {
    const ended = child(6, { exit: { code: null, signal: 'SIGKILL' } as HeldChild['exit'] })
    const table = [stat(4), stat(5, { state: 'T' })]
    const states = heldProcesses(observed([child(4), child(5), child(6, { exit: exited }), ended], table))
    expect(states.slice(2).map(({ state, pid }) => [state, pid])).toEqual([
      ['running', 4],
      ['stopped', 5],
      ['exited 3', null],
      ['ended by SIGKILL', null],
    ])
  })
})
