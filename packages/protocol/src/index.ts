// The public face of @holdfast/protocol.
export * from './contract/asks.ts'
export * from './contract/daemon.ts'
export * from './contract/mcp.ts'
export * from './contract/method.ts'
export * from './contract/words.ts'
