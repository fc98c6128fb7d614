// `holdfast restart`: a new daemon takes over; children are untouched.
import type { Run } from '../command.ts'
import { ensureRunning } from '../daemon-link.ts'
import { drain } from '../leave.ts'
import { infoOf } from './up.ts'

const drainMs = 10_000

export const run: Run = async (context) => {
  const { out } = context
  let before: number | null = null
  const ensured = await ensureRunning(
    { ...context, notice: (text) => out.notice(text) },
    {},
    {
      replaces: (welcome) => ({
        reason: 'upgrade',
        askToLeave: async (socket) => {
          before = welcome.pid
          await drain({ socket, welcome }, { reason: 'restart', children: false, deadlineMs: drainMs })
        },
      }),
    },
  )
  const daemon = await infoOf(ensured, context)
  out.result({ started: ensured.started, reason: ensured.reason, daemon }, () => {
    const was = before === null ? 'there was none before' : `before: pid ${before}`
    return `daemon pid ${daemon.pid}, epoch ${daemon.epoch} (${was})`
  })
}
