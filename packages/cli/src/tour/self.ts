// Runs the very command that users run, as a process of its own, and shows it: whatever the tour shows can be repeated by hand.
import { spawn } from 'node:child_process'
import type { Context } from '../command.ts'
import { CliError } from '../errors.ts'
import { programPath, runtimeFlags } from '../programs.ts'

export interface RunRequest {
  readonly args: readonly string[]
  readonly directory: string
  /** Told of standard output as it comes. */
  readonly onOutput?: (text: string) => void
}

const stepMs = 60_000

/** Its standard output. A step that fails ends the tour, with what the command said. */
export function runSelf({ env, scope, signal }: Context, { args, directory, onOutput }: RunRequest): Promise<string> {
  const child = spawn(process.execPath, [...runtimeFlags, programPath('main'), ...args], {
    cwd: directory,
    env: { ...env.all, HOLDFAST_SCOPE: scope },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    timeout: stepMs,
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    onOutput?.(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, ended) => {
      if (code === 0) return resolve(out)
      const message = `\`holdfast ${args.join(' ')}\` gave ${code ?? ended}: ${(err || out).trim()}`
      reject(new CliError('tour-failed', message))
    })
  })
}
