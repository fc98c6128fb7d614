// The face of the keeper for the daemon.
export type * from './api.ts'
export { KeeperError, type KeeperErrorCode, keeperErrors } from './errors.ts'
