// The handshake of MCP on both sides: what the daemon says to a server, and what a host hears of it. A server is initialised
// once for each child; every host gets an answer of its own, at a version that host and server both speak.
import * as v from 'valibot'

/** Revisions with an `initialize`, oldest first. */
const revisions = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']
export const NEWEST_REVISION = '2025-11-25'

const InitializeParams = v.looseObject({
  protocolVersion: v.string(),
  capabilities: v.optional(v.record(v.string(), v.unknown()), {}),
})

export const InitializeResult = v.looseObject({
  protocolVersion: v.string(),
  capabilities: v.optional(v.record(v.string(), v.unknown()), {}),
  serverInfo: v.optional(v.looseObject({ name: v.optional(v.string()), version: v.optional(v.string()) })),
})
export type InitializeResult = v.InferOutput<typeof InitializeResult>

export interface Host {
  readonly protocolVersion: string
  readonly capabilities: Readonly<Record<string, unknown>>
}

/** A host that said nothing of itself. */
export const plainHost: Host = { protocolVersion: NEWEST_REVISION, capabilities: {} }

/** Reads the params of a host's `initialize`. */
export function readHost(params: unknown): Host {
  const read = v.safeParse(InitializeParams, params)
  return read.success ? read.output : plainHost
}

/** Hosts that can do the same may share a child: the server is told the truth about each. */
export function capabilityKey(capabilities: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(sorted(capabilities))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}

/** The revision that a host hears: its own when the server's is newer, the server's otherwise (MCP, lifecycle). */
export function revisionFor(host: string, server: string): string {
  const known = revisions.indexOf(host)
  const theirs = revisions.indexOf(server)
  return known !== -1 && theirs !== -1 && known < theirs ? host : server
}

/** The capability that a request of a server needs in its host; undefined when every host must answer it. */
export function neededCapability(method: string): string | undefined {
  if (method.startsWith('sampling/')) return 'sampling'
  if (method.startsWith('roots/')) return 'roots'
  if (method.startsWith('elicitation/')) return 'elicitation'
  return undefined
}
