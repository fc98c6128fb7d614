// The part of the lock's native module that is used. OFD locks on Linux, flock on macOS.
declare module 'fs-native-extensions' {
  /** Takes the lock of a whole open file without waiting; false when another open file holds it. */
  export function tryLock(fd: number): boolean
  export function unlock(fd: number): void
}
