// The built command in a folder of its own, for as long as a row takes.
import { Holdfast } from '../rig/holdfast.ts'

export async function withHoldfast<T>(use: (holdfast: Holdfast) => Promise<T>): Promise<T> {
  const holdfast = new Holdfast({ isOwnFinish: true })
  try {
    return await use(holdfast)
  } finally {
    await holdfast.finish()
  }
}

export const counterConfig = {
  mcpServers: {
    counter: { command: process.execPath, args: [`${import.meta.dirname}/../fixtures/mcp-counter.ts`] },
  },
}
