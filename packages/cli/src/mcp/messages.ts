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
