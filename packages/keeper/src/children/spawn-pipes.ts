// Starts a child on pipes, as the leader of its own session and process group, with exactly the environment it was given.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ChildSpec } from '../api.ts'
import type { ChildLog } from '../log/child-log.ts'
import type { ChildIo, ChildIoEvents } from './child-io.ts'
import { checkFolder, spawnFailed } from './refusal.ts'
import { defaultUmask, withUmask } from './umask.ts'

/** Rejects with `spawn-failed` when the folder or the program is not there or may not be used. */
export async function spawnPipes(spec: ChildSpec, errors: ChildLog, events: ChildIoEvents): Promise<ChildIo> {
  checkFolder(spec)
  const child = start(spec)
  connectOutput(child, events)
  connectErrors(child, errors)
  child.stdin.on('drain', events.inputDrained)
  // EPIPE: the child closed its input. What was queued cannot be delivered to anyone.
  child.stdin.on('error', events.inputDrained)
  child.stdin.on('close', events.inputDrained)
  const errorsEnded = new Promise<void>((resolve) => void child.stderr.once('close', resolve))
  try {
    await once(child, 'spawn')
  } catch (error) {
    throw spawnFailed(spec, error)
  }
  // A signal of ours that cannot be sent shows up in the result of the one who sent it.
  child.on('error', () => undefined)
  return pipesIo(child, errorsEnded)
}

function start(spec: ChildSpec): ChildProcessWithoutNullStreams {
  try {
    const { command, args, cwd, env } = spec
    return withUmask(spec.umask ?? defaultUmask, () =>
      spawn(command, args, { cwd, env: { ...env }, detached: true, stdio: ['pipe', 'pipe', 'pipe'] }),
    )
  } catch (error) {
    throw spawnFailed(spec, error)
  }
}

function connectOutput(child: ChildProcessWithoutNullStreams, events: ChildIoEvents): void {
  child.stdout.on('data', events.output)
  child.stdout.on('error', events.outputClosed)
  child.stdout.on('close', events.outputClosed)
  child.on('exit', events.exited)
}

function connectErrors(child: ChildProcessWithoutNullStreams, errors: ChildLog): void {
  child.stderr.on('data', (bytes: Buffer) => {
    if (errors.write(bytes)) return
    child.stderr.pause()
    errors.onRoom(() => child.stderr.resume())
  })
  // The log ends with what the child wrote; that it could not be read on is not worth more.
  child.stderr.on('error', () => undefined)
}

function pipesIo(child: ChildProcessWithoutNullStreams, errorsEnded: Promise<void>): ChildIo {
  const { stdin, stdout, stderr } = child
  return {
    pid: child.pid ?? 0,
    errorsEnded,
    get queuedBytes() {
      return stdin.writableLength
    },
    get isInputOpen() {
      return stdin.writable
    },
    write: (bytes) => void stdin.write(bytes),
    closeInput: () => void stdin.end(),
    pauseOutput: () => void stdout.pause(),
    resumeOutput: () => void stdout.resume(),
    abandonOutput: () => {
      stdin.destroy()
      stdout.destroy()
      stderr.destroy()
    },
    resize: null,
  }
}
