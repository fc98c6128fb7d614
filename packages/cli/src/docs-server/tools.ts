// The tools of the docs server: what they are called, what they take, what they answer. Pure.
import * as v from 'valibot'
import { findSections } from '../guide/find-section.ts'
import type { Section } from '../guide/sections.ts'

export interface ToolResult {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[]
  readonly isError?: boolean
}

const SearchArguments = v.object({
  query: v.pipe(v.string(), v.nonEmpty()),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(20)), 3),
})
const ReadArguments = v.object({ file: v.pipe(v.string(), v.nonEmpty()) })
const quotedLength = 2000

const readOnly = { readOnlyHint: true, idempotentHint: true, openWorldHint: false }

export const tools = [
  {
    name: 'search_docs',
    title: 'Search the docs of Holdfast',
    description: 'Finds the sections that answer a question best.',
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'A question or some words.' },
        limit: { type: 'integer', minimum: 1, maximum: 20, description: 'How many sections (3).' },
      },
      required: ['query'],
    },
    annotations: readOnly,
  },
  {
    name: 'read_doc',
    title: 'Read one page of the docs',
    description: 'Gives a page as it was found by search_docs.',
    inputSchema: { type: 'object', properties: { file: { type: 'string' } }, required: ['file'] },
    annotations: readOnly,
  },
] as const

/** Null: there is no such tool. A tool's own failure is a result that says so. */
export function callTool(name: string, given: unknown, sections: readonly Section[]): ToolResult | null {
  if (name === 'search_docs') {
    const parsed = v.safeParse(SearchArguments, given)
    if (!parsed.success) return failed(`search_docs: ${parsed.issues[0].message}`)
    return search(parsed.output.query, parsed.output.limit, sections)
  }
  if (name !== 'read_doc') return null
  const parsed = v.safeParse(ReadArguments, given)
  if (!parsed.success) return failed(`read_doc: ${parsed.issues[0].message}`)
  const { file } = parsed.output
  const page = sections.filter((section) => section.file === file)
  if (page.length === 0) {
    const known = [...new Set(sections.map((section) => section.file))]
    return failed(`there is no page "${file}". Pages: ${known.join(', ')}`)
  }
  return said(page.map(({ title, text }) => `# ${title}\n\n${text}`).join('\n\n'))
}

function search(query: string, limit: number, sections: readonly Section[]): ToolResult {
  const found = findSections(query, sections, limit)
  if (found.length === 0) return said(`Nothing in the docs is about "${query}".`)
  return said(
    found.map(({ file, title, text }) => `## ${title} (${file})\n\n${text.slice(0, quotedLength)}`).join('\n\n'),
  )
}

function said(text: string): ToolResult {
  return { content: [{ type: 'text', text }] }
}

function failed(text: string): ToolResult {
  return { ...said(text), isError: true }
}
