// The tour: everything once on a machine where nothing is configured, and the daemon is left running.
import { expect, it } from 'vitest'
import { Holdfast } from '../rig/holdfast.ts'

interface Told {
  readonly ok: boolean
  readonly asked: { readonly state: string }
  readonly survived: {
    readonly isSameAgent: boolean
    readonly agentBefore: number | null
    readonly daemonBefore: { readonly pid: number }
    readonly daemonAfter: { readonly pid: number }
    readonly reply: string
  }
}

it('I7 I10 shows an answer that arrives although the daemon is killed, from the same agent process', async () => {
  const holdfast = new Holdfast()
  const told = await holdfast.json<Told>(['tour'])
  expect(told).toMatchObject({ ok: true, asked: { state: 'done' }, survived: { isSameAgent: true } })
  expect(told.survived.daemonAfter.pid).not.toBe(told.survived.daemonBefore.pid)
  expect(told.survived.reply).toContain('keeper')
  expect(holdfast.daemons().map(({ pid }) => pid)).toEqual([told.survived.daemonAfter.pid])
})

it('is a text for people, too, and can be taken twice', async () => {
  const holdfast = new Holdfast()
  await holdfast.up()
  const ran = await holdfast.run(['tour'])
  expect(ran.code, ran.stdout + ran.stderr).toBe(0)
  expect(ran.stdout).toContain('kill -9')
  expect(ran.stdout).toContain('the same process')
})
