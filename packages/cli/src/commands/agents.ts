// `holdfast agents`.
import { listAgents, type Agent } from '@holdfast/protocol'
import type { Run } from '../command.ts'
import { noticeProblems } from '../config-notice.ts'
import type { Paint } from '../output.ts'
import { table } from '../render/table.ts'

export const run: Run = async (context) => {
  const { directory, out, link, signal } = context
  const daemon = await link()
  await noticeProblems(daemon, context)
  const { agents } = await daemon.request(listAgents, { project: directory }, { signal, isIdempotent: true })
  out.result({ agents }, () => renderAgents(agents, out.paint))
}

export function renderAgents(agents: readonly Agent[], paint: Paint): string {
  if (agents.length === 0)
    return 'No agent is known here. `holdfast ask guide "How do I add an agent?"` says how to add one.'
  const rows = agents.map(({ name, driver, version, ready, why, source }) => [
    name,
    driver,
    version ?? '-',
    ready ? 'ready' : 'not ready',
    ready ? source : (why ?? 'no reason known'),
  ])
  const [heading, ...lines] = table(['AGENT', 'DRIVER', 'VERSION', 'STATE', 'FROM, OR WHY NOT'], rows).split('\n')
  return [heading, ...lines.map((line, index) => (agents[index]?.ready === true ? line : paint('dim', line)))].join(
    '\n',
  )
}
