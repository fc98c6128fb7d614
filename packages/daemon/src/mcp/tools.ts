// The tools of a server, read page by page.
import * as v from 'valibot'
import type { Child } from './child.ts'
import type { OwnRequests } from './own-requests.ts'

const ToolHintsShape = v.looseObject({ readOnlyHint: v.optional(v.boolean()), idempotentHint: v.optional(v.boolean()) })
const ToolShape = v.looseObject({ name: v.string(), annotations: v.optional(ToolHintsShape) })
const Page = v.looseObject({ tools: v.array(ToolShape), nextCursor: v.optional(v.string()) })

export type Tool = v.InferOutput<typeof ToolShape>

/** A server that never stops naming a next page is not believed. */
const MAX_PAGES = 100

export async function readTools(own: OwnRequests, child: Child, timeoutMs: number): Promise<Tool[]> {
  if (
    child.initialized !== null &&
    child.initialized.serverInfo !== undefined &&
    child.initialized.capabilities['tools'] === undefined
  )
    return []
  const tools: Tool[] = []
  let cursor: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = cursor === undefined ? {} : { cursor }
    const reply = await own.ask(child, { method: 'tools/list', params, timeoutMs })
    reply.done()
    const read = v.parse(Page, reply.result)
    tools.push(...read.tools)
    cursor = read.nextCursor
    if (cursor === undefined) break
  }
  return tools
}
