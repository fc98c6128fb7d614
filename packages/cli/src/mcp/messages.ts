// Messages of MCP that the command line makes itself.

/** An error in answer to the request with this id (JSON text). */
export function errorAnswer(id: string, code: number, message: string, detail?: Record<string, unknown>): Buffer {
  const error = { code, message, ...(detail === undefined ? {} : { data: { holdfast: detail } }) }
  return Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`)
}

/** A message that was found to be one, decoded. */
export function messageOf(line: Buffer): { jsonrpc: '2.0' } {
  const message: unknown = JSON.parse(line.toString())
  return { ...(message as object), jsonrpc: '2.0' }
}

/** Names one client for as long as it lives, whichever daemons it meets. Unique, not secret (node:crypto is slow to load). */
export function newDownstreamId(): string {
  const chance = (): string => Math.random().toString(36).slice(2)
  return `${process.pid.toString(36)}-${Date.now().toString(36)}-${chance()}${chance()}`.slice(0, 64)
}
