// How the daemon before this one ended, in the words of `status`.
import type { ExitKind, ExitRecord } from '@holdfast/lifecycle'
import type { ExitInfo } from '@holdfast/protocol'

const kinds: Readonly<Record<ExitKind, ExitInfo['kind']>> = {
  clean: 'stopped',
  superseded: 'stopped',
  crash: 'crashed',
  hang: 'hung',
  killed: 'killed',
  reboot: 'killed',
}

export function exitInfo({ epoch, kind, at, reason }: ExitRecord): ExitInfo {
  return { epoch, kind: kinds[kind], at, reason }
}
