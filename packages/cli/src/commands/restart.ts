// `holdfast restart`: a new daemon takes over; children are untouched.
import type { Run } from '../command.ts'
import { drain } from '../leave.ts'
import { ensureTrying } from '../try-again.ts'
import { infoOf } from './up.ts'

const drainMs = 10_000

export const run: Run = async (context) => {
  const { out } = context
  let before: number | null = null
  const notice = (text: string): void => out.notice(text)
  const ensured = await ensureTrying({ ...context, notice }, {}, (welcome) => ({
    reason: 'upgrade',
    askToLeave: async (socket) => {
      before = welcome.pid
      await drain({ socket, welcome }, { reason: 'restart', children: false, deadlineMs: drainMs })
    },
  }))
  const daemon = await infoOf(ensured, context)
  out.result({ started: ensured.started, reason: ensured.reason, daemon }, () => {
    const was = before === null ? 'there was none before' : `before: pid ${before}`
    return `daemon pid ${daemon.pid}, epoch ${daemon.epoch} (${was})`
  })
}
