// Two processes that take turns are as fast as the scheduler lets them: on one core the second goes on where the first stopped, on two
// each waits for a core that sleeps. Which it is changes from run to run and decides more than what is measured.
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'

function pin(cores: string): void {
  const done = spawnSync('taskset', ['-acp', cores, String(process.pid)], { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`taskset (util-linux) is needed: ${done.stderr}`)
}

/** Does `work` with this process, and what it starts meanwhile, on the first core. */
export async function onOneCore<T>(work: () => Promise<T>): Promise<T> {
  pin('0')
  try {
    return await work()
  } finally {
    pin(`0-${cpus().length - 1}`)
  }
}
