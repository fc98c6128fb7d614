// `mcp.send` and `mcp.message` as bytes: what passes through is put into its frame, and taken out of it, without being decoded.
// They are ordinary messages of the contract; one that is written in another way is read by its schema instead.

const SEND_HEAD = '{"jsonrpc":"2.0","method":"mcp.send","params":{"downstream":"'
const MESSAGE_HEAD = '{"jsonrpc":"2.0","method":"mcp.message","params":{"downstream":"'
const BODY = ',"message":'
const TAIL = Buffer.from('}}\n')
/** A downstream id and a receipt are short. */
const HEAD_LIMIT_BYTES = 256

/** How such frames begin. */
export const mcpFrameHeads = { send: SEND_HEAD, message: MESSAGE_HEAD } as const

export interface McpFrame {
  readonly downstream: string
  readonly receipt: number | null
  /** As it was sent, not checked. */
  readonly message: Buffer
}

/** A whole line, with its newline. `downstream` needs no escaping. */
export function mcpSendLine(downstream: string, message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${SEND_HEAD}${downstream}"${BODY}`), message, TAIL])
}

export function mcpMessageLine(downstream: string, receipt: number, message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${MESSAGE_HEAD}${downstream}","receipt":${receipt}${BODY}`), message, TAIL])
}

/** Reads a line (without its newline) that one of the above wrote; null for any other. */
export function readMcpFrame(line: Buffer, head: string): McpFrame | null {
  const start = line.toString('latin1', 0, HEAD_LIMIT_BYTES)
  if (!start.startsWith(head) || line.at(-1) !== 0x7d || line.at(-2) !== 0x7d) return null
  const match = /^([A-Za-z0-9_-]{1,64})"(?:,"receipt":(\d{1,15}))?,"message":/.exec(start.slice(head.length))
  const [whole, downstream, receipt] = match ?? []
  if (whole === undefined || downstream === undefined) return null
  const message = line.subarray(head.length + whole.length, -2)
  return { downstream, receipt: receipt === undefined ? null : Number(receipt), message }
}
