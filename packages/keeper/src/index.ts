// The face of the keeper for the daemon.
export type * from './api.ts'
export { connectKeeper, type ConnectKeeperOptions, ensureKeeper, type EnsureKeeperOptions } from './client/connect.ts'
export { KeeperError, type KeeperErrorCode, keeperErrors } from './errors.ts'
