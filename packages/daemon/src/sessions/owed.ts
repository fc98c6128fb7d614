// The frames that the agent should have, as a function of the session's record: whatever is not known to be taken is handed to
// the keeper, which refuses a tag that it took before. So a daemon that died between deciding and sending loses nothing,
// and one that died after sending sends nothing twice.
import { requestIds } from './acp/read.ts'
import { frames } from './acp/wire.ts'
import type { SessionRecord } from './record.ts'

export type OwedFrame =
  | { readonly tag: string; readonly kind: 'frame'; readonly frame: string }
  | { readonly tag: string; readonly kind: 'prompt'; readonly ask: string; readonly acpSession: string }

export function owedFrames(record: SessionRecord, version: string): OwedFrame[] {
  const { link } = record
  if (link === null || link.phase === 'closing') return []
  const owed: OwedFrame[] = link.replies.map(({ tag, frame }) => ({ tag, kind: 'frame', frame }))
  const { initialize, create, load } = requestIds
  if (link.phase === 'initializing') {
    owed.push({ tag: initialize, kind: 'frame', frame: frames.initialize(initialize, version) })
  } else if (link.phase === 'creating') {
    owed.push({ tag: create, kind: 'frame', frame: frames.newSession(create, record.project) })
  } else if (link.phase === 'loading' && record.acpSession !== null) {
    owed.push({ tag: load, kind: 'frame', frame: frames.loadSession(load, record.project, record.acpSession) })
  } else if (link.turn !== null && record.acpSession !== null) {
    const { ask, stop } = link.turn
    owed.push({ tag: ask, kind: 'prompt', ask, acpSession: record.acpSession })
    if (stop !== null) owed.push({ tag: `cancel:${ask}`, kind: 'frame', frame: frames.cancel(record.acpSession) })
  }
  return owed
}
