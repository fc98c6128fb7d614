// The command line's process: gives a command its surroundings and ends with its exit code. The only place that exits.
import { readEnvironment } from './config/env.ts'
import { interruptedExitCode } from './errors.ts'
import { watchForInterruption } from './interrupt.ts'
import { runCommand } from './run.ts'

const env = readEnvironment()
const { signal, interrupt } = watchForInterruption(env.lifeline, () => process.exit(interruptedExitCode))

process.exit(
  await runCommand({
    argv: process.argv.slice(2),
    env,
    directory: process.cwd(),
    stdin: () => process.stdin,
    out: process.stdout,
    err: process.stderr,
    isTerminal: process.stdout.isTTY,
    signal,
    interrupt,
  }),
)
