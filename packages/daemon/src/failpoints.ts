// The steps of the daemon's own work at which a fault can be asked for, beside those of the kernel. A daemon that dies at any of
// them leaves everything so that the next one can go on.
import { failpointNames } from '@holdfast/lifecycle'

/** In the order in which an ask, a request to an MCP server, and a takeover pass them. */
export const daemonSteps = [
  // An ask: durable and not begun; its turn durable; the frame about to go, gone, and taken; its text and its end durable;
  // what is durable no longer held by the keeper.
  'ask.accepted',
  'ask.intended',
  'ask.sending',
  'ask.handed',
  'ask.taken',
  'ask.text-stored',
  'ask.end-stored',
  'ask.releasing',
  // A request: with its server known; gone to the keeper, and taken; its reply come, passed on, confirmed, and forgotten.
  'mcp.routed',
  'mcp.handed',
  'mcp.taken',
  'mcp.replied',
  'mcp.delivered',
  'mcp.received',
  'mcp.releasing',
  // Processes: a keeper, an agent and a server about to be started, and started.
  'keeper.starting',
  'keeper.started',
  'agent.starting',
  'agent.spawned',
  'server.starting',
  'server.spawned',
  // A takeover: what is held is known; the features have it.
  'takeover.adopted',
  'takeover.recovered',
] as const

type DaemonStep = (typeof daemonSteps)[number]

/** Called at a step; does nothing unless a fault was asked for there. */
export type DaemonFailpoint = (name: DaemonStep) => void

/** Every name that HOLDFAST_FAILPOINTS may have. */
export const daemonFailpointNames: readonly string[] = [...failpointNames, ...daemonSteps]
