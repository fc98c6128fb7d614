// What a tool answered, as text for people.

/** The text parts; other parts as one line that says what they are. */
export function renderResult(result: unknown): string {
  const content: unknown =
    result !== null && typeof result === 'object' && 'content' in result ? result.content : undefined
  const parts = Array.isArray(content) ? content.map(renderPart) : []
  if (parts.length > 0) return parts.join('\n')
  const structured = result !== null && typeof result === 'object' && 'structuredContent' in result
  return structured ? JSON.stringify(result.structuredContent, null, 2) : ''
}

function renderPart(part: unknown): string {
  if (part === null || typeof part !== 'object') return String(part)
  const text = (key: string): string | null => {
    const value: unknown = Reflect.get(part, key)
    return typeof value === 'string' ? value : null
  }
  const type = text('type')
  if (type === 'text') return text('text') ?? ''
  if (type === 'image' || type === 'audio') {
    const bytes = Math.floor(((text('data') ?? '').length * 3) / 4)
    return `[${type} ${text('mimeType') ?? ''}, ${bytes} bytes]`
  }
  if (type === 'resource_link') return `[resource ${text('uri') ?? ''}]`
  if (type === 'resource' && 'resource' in part) return renderResource(part.resource)
  return JSON.stringify(part)
}

function renderResource(resource: unknown): string {
  if (resource === null || typeof resource !== 'object') return '[resource]'
  if ('text' in resource && typeof resource.text === 'string') return resource.text
  const uri = 'uri' in resource && typeof resource.uri === 'string' ? resource.uri : ''
  return `[resource ${uri}]`
}

export function isToolError(result: unknown): boolean {
  return result !== null && typeof result === 'object' && 'isError' in result && result.isError === true
}
