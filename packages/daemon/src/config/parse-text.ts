// JSON with comments to a value, and from a path inside that value back to the line it stands on.
import {
  type Node,
  type ParseError,
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'

interface TextProblem {
  readonly line: number
  readonly message: string
  readonly path: string
}

export interface ParsedText {
  /** undefined when the text is not JSON; the problems say why. */
  readonly value: unknown
  readonly problems: readonly TextProblem[]
  /** The line of a path, of its nearest parent when it is absent. */
  lineOf(path: readonly (string | number)[]): number
}

export function parseText(text: string): ParsedText {
  const errors: ParseError[] = []
  const body = text.startsWith('\u{feff}') ? text.slice(1) : text
  const tree = parseTree(body, errors, { allowTrailingComma: true })
  const lineAt = (offset: number): number => body.slice(0, offset).split('\n').length
  const lineOf: ParsedText['lineOf'] = (path) => {
    if (tree === undefined) return 1
    for (let length = path.length; length >= 0; length--) {
      const node = findNodeAtLocation(tree, path.slice(0, length))
      if (node !== undefined) return lineAt((node.parent?.type === 'property' ? node.parent : node).offset)
    }
    return 1
  }
  const [first] = errors
  if (first !== undefined || tree === undefined) {
    const isEmpty = body.trim() === ''
    const message = isEmpty || first === undefined ? 'the file is empty' : `not valid JSON: ${said(first)}`
    return { value: undefined, problems: [{ line: lineAt(first?.offset ?? 0), message, path: '' }], lineOf }
  }
  return { value: getNodeValue(tree), problems: repeated(tree, '', lineAt), lineOf }
}

function said(error: ParseError): string {
  // `CommaExpected` reads as "comma expected".
  return printParseErrorCode(error.error)
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase()
}

/** Keys that stand twice in one object: of those, JSON keeps the last without a word. */
function repeated(node: Node, at: string, lineAt: (offset: number) => number): TextProblem[] {
  const seen = new Set<string>()
  return (node.children ?? []).flatMap((child, index) => {
    if (node.type !== 'object') return repeated(child, `${at}[${index}]`, lineAt)
    const [key, value] = child.children ?? []
    if (key === undefined || value === undefined) return []
    const name = String(key.value)
    const path = at === '' ? name : `${at}.${name}`
    const problems = repeated(value, path, lineAt)
    if (seen.has(name)) problems.push({ line: lineAt(key.offset), message: 'is given twice', path })
    seen.add(name)
    return problems
  })
}
