// Starts the thread of watchdog-thread.ts and feeds it: a beat at each turn of a timer, and the deadline of a drain.
import type { ExitRecord } from '../claim/exit-record.ts'
import type { Log } from '../log.ts'
import { cells, look, watch, type WatchdogData } from './watchdog-thread.ts'

/** What to watch for, and what to write when it comes. */
export interface WatchdogSpec {
  readonly hangMs: number | null
  readonly exitFile: string
  readonly record: Pick<ExitRecord, 'instance' | 'epoch' | 'wasReady' | 'identity'> & { readonly sinceBootMs: number }
  readonly log: Log
}

/** The thread that ends this process when nothing else does. */
export interface Watchdog {
  /** From now on the process is ended when it has not ended by itself after `ms`. */
  armDrain(ms: number): void
  /** Ends the thread without ending the process. */
  stop(): void
}

const longestStepMs = 1000

/** The program of the thread: the text of two self-contained functions. */
function program(): string {
  return `const { parentPort, workerData } = require('node:worker_threads');
const look = ${look.toString()};
(${watch.toString()})(workerData, look, parentPort);`
}

/** Whether somebody debugs this process: then a main loop that stands still is meant to. */
function isDebugged(): boolean {
  return process.execArgv.some((each) => each.startsWith('--inspect'))
}

/** Starts the watchdog of this process. It keeps nothing alive. */
export function startWatchdog({ hangMs, exitFile, record, log }: WatchdogSpec): Watchdog {
  const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * Object.keys(cells).length)
  const view = new Int32Array(memory)
  const wantedMs = isDebugged() ? null : hangMs
  const stepMs = Math.max(10, Math.min(longestStepMs, (wantedMs ?? longestStepMs) / 4))
  const workerData: WatchdogData = { memory, hangMs: wantedMs, stepMs, exitFile, record, cells }
  // Asked for only here: a process without a watchdog does not pay for it.
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const worker = new Worker(program(), {
    eval: true,
    workerData,
    execArgv: [],
    env: {},
    name: 'watchdog',
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  })
  worker.on('error', (error) => log.error('the watchdog failed', { error: String(error) }))
  worker.unref()
  if (wantedMs !== null) log.info('watching for hangs', { hangMs: wantedMs })
  const beat = setInterval(() => Atomics.add(view, cells.beat, 1), stepMs)
  beat.unref()
  const wake = (): void => {
    Atomics.store(view, cells.wake, 1)
    Atomics.notify(view, cells.wake)
  }
  return {
    armDrain(ms) {
      Atomics.store(view, cells.drainMs, Math.max(1, Math.ceil(ms)))
      wake()
    },
    stop() {
      clearInterval(beat)
      Atomics.store(view, cells.stop, 1)
      wake()
    },
  }
}
