// What the keeper's outcome of an input frame means to the daemon.
import type { InputResult } from '../api.ts'
import { KeeperError, type KeeperErrorCode } from '../errors.ts'
import type { InputOutcome } from '../wire/messages.ts'

const refusals: Readonly<Record<Exclude<InputOutcome, InputResult>, { code: KeeperErrorCode; message: string }>> = {
  full: { code: 'input-full', message: 'it does not read its input; nothing of this frame was taken' },
  unknown: { code: 'unknown-child', message: 'the keeper holds no such child' },
}

export function inputResult(outcome: InputOutcome, child: string): InputResult | KeeperError {
  if (outcome !== 'full' && outcome !== 'unknown') return outcome
  const { code, message } = refusals[outcome]
  return new KeeperError(code, `input for child ${child}: ${message}`)
}
