// `holdfast status` for people.
import type { Status } from '@holdfast/protocol'
import { age } from '../duration.ts'
import type { Paint } from '../output.ts'

const keeperFix =
  'asks and calls wait for it; is it stopped (Ctrl-Z, a debugger) or the machine busy? `holdfast restart` ends one that hangs, and its children.'

export function renderStatus(status: Status, nowMs: number, paint: Paint): string {
  const { scope, daemon, keeper, clients, asks, sessions, lastExit } = status
  const rows: [string, string][] = [['scope', scope]]
  if (daemon === null) rows.push(['daemon', paint('yellow', 'down')])
  else {
    const state = paint(daemon.state === 'ready' ? 'green' : 'yellow', daemon.state)
    rows.push(['daemon', `${state}, pid ${daemon.pid}, epoch ${daemon.epoch}, up ${age(daemon.startedAt, nowMs)}`])
    if (daemon.owner !== null) rows.push(['owner', daemon.owner])
    if (daemon.problem !== undefined) rows.push(['problem', daemon.problem.message], ['fix', daemon.problem.hint])
  }
  if (keeper === null) rows.push(['keeper', 'down'])
  else {
    const silent = keeper.silent === true ? `, ${paint('red', 'does not answer')}; when it last did:` : ','
    rows.push(['keeper', `pid ${keeper.pid}${silent} ${count(keeper.children, 'child', 'children')}`])
    if (keeper.silent === true) rows.push(['fix', keeperFix])
  }
  if (daemon !== null) {
    rows.push(['clients', String(clients)])
    rows.push(['asks', `${asks.running} running, ${asks.queued} queued`])
    rows.push(['sessions', String(sessions)])
  }
  if (lastExit !== null) {
    const { epoch, kind, at, reason } = lastExit
    const shown = kind === 'stopped' ? kind : paint('red', kind)
    rows.push(['last exit', `epoch ${epoch} ${shown} ${age(at, nowMs)} ago: ${reason}`])
  }
  if (daemon === null) rows.push(['', '`holdfast up` starts the daemon; so does anything that needs it.'])
  return rows.map(([name, value]) => `${name.padEnd(9)} ${value}`.trimEnd()).join('\n')
}

function count(many: number, one: string, more: string): string {
  return `${many} ${many === 1 ? one : more}`
}
