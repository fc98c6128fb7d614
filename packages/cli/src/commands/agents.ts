// `holdfast agents`.
import { listAgents, type Agent } from '@holdfast/protocol'
import type { Run } from '../command.ts'
import type { Paint } from '../output.ts'
import { table } from '../render/table.ts'

export const run: Run = async ({ directory, out, link, signal }) => {
  const { agents } = await (await link()).request(listAgents, { project: directory }, { signal, isIdempotent: true })
  out.result({ agents }, () => renderAgents(agents, out.paint))
}

export function renderAgents(agents: readonly Agent[], paint: Paint): string {
  if (agents.length === 0) return 'No agent is known here. `holdfast help ask` says how to add one.'
  const rows = agents.map(({ name, driver, version, ready, why, source }) => [
    name,
    driver,
    version ?? '-',
    ready ? 'ready' : `not ready: ${why ?? 'no reason known'}`,
    source,
  ])
  const [heading, ...lines] = table(['AGENT', 'DRIVER', 'VERSION', 'STATE', 'FROM'], rows).split('\n')
  return [heading, ...lines.map((line, index) => (agents[index]?.ready === true ? line : paint('dim', line)))].join(
    '\n',
  )
}
