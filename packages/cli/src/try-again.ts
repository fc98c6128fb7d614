// `up` and `restart` try again whatever crashed before: whoever calls them has looked into it. When it crashes all the same, the
// daemon is left in quarantine, so that `status` has the cause.
import { quarantineOf, type Ensured, type EnsureRequest, type Replacement, type Welcome } from '@holdfast/lifecycle'
import { daemonPlace, ensureRunning, type LinkFrom } from './daemon-link.ts'
import { drain } from './leave.ts'
import type { DaemonWishes } from './programs.ts'

const drainMs = 10_000

export async function ensureTrying(
  from: LinkFrom,
  wishes: DaemonWishes,
  replaces: NonNullable<EnsureRequest['replaces']>,
): Promise<Ensured> {
  try {
    return await ensureRunning(
      from,
      { ...wishes, isForgiven: true },
      { replaces: (welcome) => replaces(welcome) ?? outOfQuarantine(welcome) },
    )
  } catch (error) {
    if ((await quarantineOf(daemonPlace(from.scope, from.env))) === null) throw error
    return ensureRunning(from, wishes)
  }
}

function outOfQuarantine({ state }: Welcome): Replacement | null {
  if (state !== 'quarantined') return null
  return {
    reason: 'upgrade',
    askToLeave: async (socket, welcome) => {
      await drain({ socket, welcome }, { reason: 'tried again', children: false, deadlineMs: drainMs })
    },
  }
}
