// The public face of @holdfast/protocol.
export * from './contract/asks.ts'
export * from './contract/daemon.ts'
export * from './contract/mcp.ts'
export * from './contract/method.ts'
export * from './contract/words.ts'
export { backoffMs, type BackoffPolicy } from './backoff.ts'
export {
  DaemonClient,
  type ClientRequestOptions,
  type Connection,
  type DaemonClientOptions,
  type Reconnected,
} from './client.ts'
export { encodeFrame, FRAME_HEADER_BYTES, FrameSplitter, type FrameSink } from './frame/length-prefixed.ts'
export { LineSplitter, splitLines, type LineSink, type OversizedFrame } from './frame/lines.ts'
export type { MessageId, MessageKind } from './frame/message-id.ts'
export type { RequestOptions } from './outgoing-requests.ts'
export { Peer, type HandlerContext, type Sent } from './peer.ts'
export type { PeerOptions } from './peer-options.ts'
export { describeIssues } from './parse.ts'
export type { Timers } from './timers.ts'
export { frameCodec, lineCodec, MESSAGE_FRAME, type Codec, type Outgoing, type Wire } from './wire.ts'
export {
  exitCodes,
  isWireError,
  protocolErrors,
  toWireError,
  WireError,
  type ErrorKind,
  type ProtocolErrorCode,
  type WireErrorOptions,
} from './wire-error.ts'
export { type Edit, type Envelope, member, readEnvelope, splice, textOf, valueOf } from './mcp/envelope.ts'
export type { Span } from './mcp/json-scan.ts'
export { type McpFrame, mcpFrameHeads, mcpMessageLine, mcpSendLine, readMcpFrame } from './mcp/link-frames.ts'
