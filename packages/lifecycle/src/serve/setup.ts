// What a daemon runs with, once every default is filled in.
import type { ClaimPorts } from '../claim/ports.ts'
import type { Clock } from '../clock.ts'
import type { Failpoint } from '../failpoint.ts'
import type { Log } from '../log.ts'
import type { Host } from '../shutdown/host.ts'
import type { ServeOptions } from './options.ts'

/** The options with everything that was left out. */
export interface Setup {
  readonly options: ServeOptions
  readonly clock: Clock
  readonly log: Log
  readonly failpoint: Failpoint
  readonly ports: ClaimPorts
  readonly host: Host
}
