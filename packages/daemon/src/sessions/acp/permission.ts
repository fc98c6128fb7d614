// How an agent's request for permission is answered without anybody to ask: by the policy of its configuration.
import type { PermissionRequest } from './wire.ts'

export type PermissionPolicy = 'allow' | 'deny'

export interface PermissionDecision {
  readonly decision: 'allowed' | 'denied' | 'cancelled'
  readonly outcome: { readonly outcome: 'cancelled' } | { readonly outcome: 'selected'; readonly optionId: string }
}

const preferred = { allow: ['allow_once', 'allow_always'], deny: ['reject_once', 'reject_always'] } as const

/** Chooses the narrowest option of the policy; `cancelled` when the turn is being stopped or no option fits. */
export function decidePermission(
  request: PermissionRequest,
  policy: PermissionPolicy,
  isStopping: boolean,
): PermissionDecision {
  if (!isStopping) {
    for (const kind of preferred[policy]) {
      const option = request.options.find((each) => each.kind === kind)
      if (option === undefined) continue
      const decision = policy === 'allow' ? 'allowed' : 'denied'
      return { decision, outcome: { outcome: 'selected', optionId: option.optionId } }
    }
  }
  return { decision: 'cancelled', outcome: { outcome: 'cancelled' } }
}
