// A child makes files as its user would; the keeper itself makes none that others may read, and must not pass that on.

/** When the daemon does not know the user's. */
export const defaultUmask = 0o022

/** Runs `start`, which starts a process before it returns, under this umask. */
export function withUmask<T>(umask: number, start: () => T): T {
  const before = process.umask(umask)
  try {
    return start()
  } finally {
    process.umask(before)
  }
}
