// Loads the native lock. Its prebuilt file is asked for by its name, which takes a millisecond; the package's own search for it
// takes ten, at the start of each daemon and each starter. Where the file is elsewhere, the package finds it.
import { createRequire } from 'node:module'
import { errnoOf } from '../errors.ts'
import { prebuiltFolder } from '../os/prebuilt-folder.ts'

/** Takes the lock of a whole open file without waiting; false when another open file holds it. */
export type TryLock = (fd: number) => boolean

const prebuilt = `fs-native-extensions/prebuilds/${prebuiltFolder}/fs-native-extensions.node`

let loaded: TryLock | undefined

/** The function of this machine's lock. Rejects when there is no binary for it. */
export async function loadTryLock(): Promise<TryLock> {
  loaded ??= loadPrebuilt() ?? (await import('fs-native-extensions')).tryLock
  return loaded
}

/** The prebuilt binding, or null when it is not where it is expected or does not look as expected. */
export function loadPrebuilt(): TryLock | null {
  let binding: unknown
  try {
    binding = createRequire(import.meta.url)(prebuilt)
  } catch (error) {
    // Not there, or not for this system: the package decides.
    if (errnoOf(error) === undefined) throw error
    return null
  }
  if (binding === null || typeof binding !== 'object' || !('tryLock' in binding)) return null
  const { tryLock } = binding
  if (typeof tryLock !== 'function') return null
  return (fd) => {
    try {
      // Offset and length 0: the whole file; exclusive.
      Reflect.apply(tryLock, binding, [fd, 0, 0, true])
      return true
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return false
      throw error
    }
  }
}
