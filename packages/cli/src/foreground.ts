// `up --foreground`: this very process becomes the daemon (same pid, for service managers), unless a healthy one serves.
import { ensureFolders, newInstance } from '@holdfast/lifecycle'
import type { Context } from './command.ts'
import { connectRunning, daemonPlace, foldersOf } from './daemon-link.ts'
import { daemonCommand, type DaemonWishes } from './programs.ts'

export async function runForeground(context: Context, wishes: DaemonWishes): Promise<number> {
  const { scope, env, directory, out } = context
  const running = await connectRunning(daemonPlace(scope, env), directory)
  if (running !== null) {
    const { pid, epoch, instance } = running.welcome
    running.socket.destroy()
    const daemon = { pid, epoch, instance }
    out.result({ started: false, reason: 'running', daemon }, () => `scope "${scope}" is served by pid ${pid} already`)
    return 0
  }
  const folders = foldersOf(scope, env)
  ensureFolders(folders, process.getuid?.() ?? 0)
  const { command, args, env: variables, cwd, runtime } = daemonCommand({ folders, scope, env: env.all }, wishes)
  const all: Record<string, string> = { ...runtime }
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) all[name] = value
  // As every daemon: it can be told from what it starts.
  Object.assign(all, { HOLDFAST_FOREGROUND: '1', HOLDFAST_INSTANCE: newInstance() })
  await out.flushed()
  process.chdir(cwd)
  process.execve?.(command, [command, ...args], all)
  return runUnderneath(command, args, all)
}

/** Where a process cannot become another one (Windows): the daemon runs underneath, and gets every signal. */
async function runUnderneath(command: string, args: readonly string[], env: Record<string, string>): Promise<number> {
  const { spawn } = await import('node:child_process')
  const child = spawn(command, args, { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}
