// What a starter tells the process that it starts, through its environment, and the line that it waits for.
import { closeSync, writeSync } from 'node:fs'
import { errnoOf } from '../errors.ts'
import { asName } from '../json-fields.ts'
import { encodeReadiness, type Readiness } from '../readiness.ts'

/** A new instance id. */
export function newInstance(): string {
  // Asked for only here: importing node:crypto would cost each process 2 MB.
  return process.getBuiltinModule('node:crypto').randomUUID()
}

/**
 * What the starter of this process said: HOLDFAST_INSTANCE (the instance id that it must use) and HOLDFAST_READY_FD (the
 * descriptor that takes the readiness line). A process started by hand has a random instance and nobody who waits.
 */
export function startedBy(
  env: Readonly<Record<string, string | undefined>>,
  app: string = 'holdfast',
): { readonly instance: string; readonly readyFd: number | null } {
  const prefix = app.toUpperCase()
  const fd = env[`${prefix}_READY_FD`]
  return {
    instance: asName(env[`${prefix}_INSTANCE`]) ?? newInstance(),
    readyFd: fd !== undefined && /^\d{1,3}$/.test(fd) && Number(fd) > 2 ? Number(fd) : null,
  }
}

/** Gives a function that tells the starter once, and closes the descriptor. A starter that is gone is no failure. */
export function readinessReporter(fd: number | null): (readiness: Readiness) => void {
  let open = fd
  return (readiness) => {
    if (open === null) return
    const target = open
    open = null
    try {
      writeSync(target, encodeReadiness(readiness))
      closeSync(target)
    } catch (error) {
      // EPIPE: it waits no more. EBADF: it never gave us one. Nobody is left who could be told.
      if (errnoOf(error) === undefined) throw error
    }
  }
}
