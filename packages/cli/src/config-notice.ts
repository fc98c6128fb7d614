// A list of agents or servers lacks the entries that are wrong in the config: it says so, and where to look.
import { showConfig } from '@holdfast/protocol'
import type { Context } from './command.ts'
import type { DaemonLink } from './daemon-link.ts'

export async function noticeProblems(daemon: DaemonLink, { directory, out, signal }: Context): Promise<void> {
  const { problems } = await daemon.request(showConfig, { project: directory }, { signal, isIdempotent: true })
  const [first, ...more] = problems
  if (first === undefined) return
  const many = more.length === 0 ? 'a problem' : `${problems.length} problems`
  const at = first.line === null ? first.file : `${first.file}:${first.line}`
  out.warn(
    `the config has ${many}, so what follows may lack entries: ${at}: ${first.message}\n  fix: \`holdfast config check\` shows all`,
  )
}
