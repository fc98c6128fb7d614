// The daemon's one connection to its keeper: made on demand, made again after a loss.
import type { KeeperClient } from '@holdfast/keeper'

export interface Keeper {
  /** The keeper, started when there is none. Rejects with `keeper-failed`. */
  use(): Promise<KeeperClient>
  /** The keeper when one is connected now; never starts one. */
  current(): KeeperClient | null
}
