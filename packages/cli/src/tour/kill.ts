// The heart of the tour: the daemon is killed with -9 while an ask is being answered, and the answer arrives anyway.
import { processIdentity, signalProcess } from '@holdfast/lifecycle'
import type { HeldProcess, Status } from '@holdfast/protocol'
import type { Context } from '../command.ts'
import { CliError } from '../errors.ts'
import { runSelf } from './self.ts'

const answerSeconds = 4
export const slowPrompt = `take ${answerSeconds} seconds: What does the keeper do?`

export interface KillReport {
  readonly killed: number
  readonly daemonBefore: { readonly pid: number; readonly epoch: number }
  readonly daemonAfter: { readonly pid: number; readonly epoch: number }
  readonly agentBefore: number | null
  readonly agentAfter: number | null
  readonly reply: string
  readonly isSameAgent: boolean
}

export interface KillHooks {
  readonly onText: (text: string) => void
  readonly onKill: (pid: number) => void
}

export async function killWhileAnswering(context: Context, directory: string, hooks: KillHooks): Promise<KillReport> {
  const before = await statusOf(context, directory)
  let started = (): void => undefined
  const hasBegun = new Promise<void>((resolve) => (started = resolve))
  const asking = runSelf(context, {
    args: ['ask', 'guide', slowPrompt, '--stream'],
    directory,
    onOutput: (text) => {
      started()
      hooks.onText(text)
    },
  })
  await Promise.race([hasBegun, asking])
  const agentBefore = await guidePid(context, directory)
  kill(before.pid)
  hooks.onKill(before.pid)
  const reply = await asking
  const [after, agentAfter] = await Promise.all([statusOf(context, directory), guidePid(context, directory)])
  const isSameAgent = agentBefore !== null && agentBefore === agentAfter
  return { killed: before.pid, daemonBefore: before, daemonAfter: after, agentBefore, agentAfter, reply, isSameAgent }
}

/** Only a process that is proved to be the daemon that just answered. */
function kill(pid: number): void {
  const identity = processIdentity(pid)
  const sent = identity === null || identity === 'unknown' ? 'refused' : signalProcess(identity, 'SIGKILL')
  if (sent !== 'sent') throw new CliError('tour-failed', `daemon ${pid} could not be killed (${sent})`)
}

async function statusOf(context: Context, directory: string): Promise<{ pid: number; epoch: number }> {
  const status = JSON.parse(await runSelf(context, { args: ['status', '--json'], directory })) as Status
  if (status.daemon === null) throw new CliError('tour-failed', 'the daemon is down, although it was just started')
  const { pid, epoch } = status.daemon
  return { pid, epoch }
}

async function guidePid(context: Context, directory: string): Promise<number | null> {
  const output = JSON.parse(await runSelf(context, { args: ['ps', '--json'], directory })) as {
    processes: HeldProcess[]
  }
  const guides = output.processes.filter(
    ({ kind, name, project }) => kind === 'agent' && name.includes('guide') && project === directory,
  )
  return guides[0]?.pid ?? null
}
