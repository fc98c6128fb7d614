// Starts a child on a terminal of its own, through the optional native package. Bytes stay bytes.
// The package destroys the terminal 200 ms after the exit, with what was not read yet; we read to the end instead, so its
// timer is disarmed (the version is pinned, and what we rely on is checked before use).
import { constants } from 'node:os'
import type { Socket } from 'node:net'
import type { Clock } from '@holdfast/lifecycle'
import type { ChildIo, ChildIoEvents } from '../children/child-io.ts'
import { checkFolder, checkProgram, spawnFailed } from '../children/refusal.ts'
import { defaultUmask, withUmask } from '../children/umask.ts'
import type { ChildSpec } from '../api.ts'
import { KeeperError } from '../errors.ts'
import { TerminalInput } from './terminal-input.ts'

type PtyPackage = typeof import('@lydell/node-pty')
type Terminal = ReturnType<PtyPackage['spawn']>
interface TerminalSize {
  readonly columns: number
  readonly rows: number
}
interface OpenTerminal extends Terminal {
  readonly fd: number
  readonly _socket: Socket
  _emittedClose: boolean
}

const packageName = '@lydell/node-pty'
const endOfInput = Buffer.from([4])

/** Throws `pty-unavailable` without the package, `spawn-failed` when no terminal can be opened. */
export function spawnTerminal(
  spec: ChildSpec,
  events: ChildIoEvents,
  { clock, size }: { readonly clock: Clock; readonly size: TerminalSize },
): ChildIo {
  checkFolder(spec)
  checkProgram(spec)
  const terminal = openTerminal(loadPackage(), spec, size)
  const socket = terminal['_socket']
  terminal['_emittedClose'] = true
  socket.on('data', events.output)
  // EIO: nobody has the other end any more; that is how a terminal says end of file.
  socket.on('error', () => socket.destroy())
  socket.on('close', events.outputClosed)
  const descriptor = (): number | null => (socket.destroyed ? null : terminal.fd)
  const input = new TerminalInput({ clock, descriptor, drained: events.inputDrained })
  socket.on('close', () => input.close())
  terminal.onExit(({ exitCode, signal }) => {
    const name = signalName(signal ?? 0)
    events.exited(name === null ? exitCode : null, name)
  })
  return terminalIo(terminal, socket, input)
}

function loadPackage(): PtyPackage {
  try {
    return process.getBuiltinModule('node:module').createRequire(import.meta.url)(packageName) as PtyPackage
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    throw new KeeperError('pty-unavailable', `no terminal can be opened: ${packageName} does not load: ${reason}`, {
      cause,
    })
  }
}

function openTerminal(pty: PtyPackage, spec: ChildSpec, size: TerminalSize): OpenTerminal {
  let terminal: Terminal
  try {
    terminal = withUmask(spec.umask ?? defaultUmask, () =>
      pty.spawn(spec.command, [...spec.args], {
        cols: size.columns,
        rows: size.rows,
        cwd: spec.cwd,
        env: { ...spec.env },
        encoding: null,
      }),
    )
  } catch (cause) {
    throw spawnFailed(spec, cause)
  }
  if (isOpen(terminal)) return terminal
  terminal.kill('SIGKILL')
  throw new KeeperError('pty-unavailable', `this version of ${packageName} does not fit; 1.1.0 is needed`)
}

function isOpen(terminal: Terminal): terminal is OpenTerminal {
  return '_socket' in terminal && '_emittedClose' in terminal && 'fd' in terminal
}

function signalName(number: number): string | null {
  if (number === 0) return null
  const entry = Object.entries(constants.signals).find(([, value]) => value === number)
  return entry?.[0] ?? `signal ${number}`
}

function terminalIo(terminal: OpenTerminal, socket: Socket, input: TerminalInput): ChildIo {
  let isInputOpen = true
  return {
    pid: terminal.pid,
    get queuedBytes() {
      return input.queuedBytes
    },
    get isInputOpen() {
      return isInputOpen && !socket.destroyed
    },
    write: (bytes) => input.write(bytes),
    closeInput: () => {
      // A terminal has one end for both directions; end of input is a character, to programs that read by line.
      if (isInputOpen && !socket.destroyed) input.write(endOfInput)
      isInputOpen = false
    },
    pauseOutput: () => void socket.pause(),
    resumeOutput: () => void socket.resume(),
    abandonOutput: () => void socket.destroy(),
    errorsEnded: Promise.resolve(),
    resize: (columns, rows) => {
      if (!socket.destroyed) terminal.resize(columns, rows)
    },
  }
}
