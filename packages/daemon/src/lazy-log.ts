// A log whose file is opened with its first line: before the claim nothing may be made. A file that cannot be opened costs the log,
// never the daemon.
import { createLog, errnoOf, type Log, logOver, silentLog } from '@holdfast/lifecycle'

export function lazyLog(file: string): Log {
  let sink: Log | null = null
  return logOver(
    (level, message, fields) => {
      sink ??= open(file)
      sink.write(level, message, fields)
    },
    () => sink?.close(),
  )
}

function open(file: string): Log {
  try {
    return createLog(file)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    process.stderr.write(`the log ${file} cannot be opened: ${String(error)}\n`)
    return silentLog
  }
}
