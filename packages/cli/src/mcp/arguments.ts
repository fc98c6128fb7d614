// The arguments of a tool as they are typed: `key=value` (text), `key:=json`, or all at once with --args. What the tool's schema
// says of names, required ones and types is checked before anything runs. Pure.
import { CliError } from '../errors.ts'
import { nearest } from '../suggest.ts'

export type Arguments = Record<string, unknown>

/** `json`: the text of --args. Single ones win over it. */
export function readArguments(
  words: readonly string[],
  json: string | null,
): { given: Arguments; texts: ReadonlySet<string> } {
  const given: Arguments = json === null ? {} : objectOf(json)
  const texts = new Set<string>()
  for (const word of words) {
    const match = /^([^=:]+?)(:?=)([^]*)$/.exec(word)
    const [, key, sign, value] = match ?? []
    if (key === undefined || value === undefined) {
      throw new CliError(
        'bad-value',
        `"${word}" is not an argument of a tool`,
        'Write key=text or key:=json, or use --args JSON.',
      )
    }
    given[key] = sign === ':=' ? valueOf(key, value) : value
    if (sign === '=') texts.add(key)
    else texts.delete(key)
  }
  return { given, texts }
}

function objectOf(json: string): Arguments {
  const value = valueOf('--args', json)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new CliError(
      'bad-value',
      `--args has to be a JSON object, not ${kindOf(value)}`,
      'For example --args \'{"path":"a.txt"}\'.',
    )
  }
  return { ...value }
}

function valueOf(key: string, json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CliError(
      'bad-value',
      `${key}: ${JSON.stringify(json.slice(0, 100))} is not JSON (${why})`,
      `For text write ${key}=text.`,
    )
  }
}

interface Property {
  readonly types: readonly string[]
}

interface Shape {
  readonly properties: ReadonlyMap<string, Property>
  readonly required: readonly string[]
  readonly isOpen: boolean
}

/** Checks what is given, and turns text into the number or truth that the schema wants. */
export function fitArguments(
  tool: string,
  schema: unknown,
  { given, texts }: ReturnType<typeof readArguments>,
): Arguments {
  const shape = shapeOf(schema)
  const known = [...shape.properties.keys()]
  const fitted: Arguments = {}
  for (const [key, value] of Object.entries(given)) {
    const property = shape.properties.get(key)
    if (property === undefined) {
      if (shape.isOpen) fitted[key] = value
      else throw unknownArgument(tool, key, known)
      continue
    }
    const fit = texts.has(key) && typeof value === 'string' ? fromText(value, property.types) : value
    if (!isOneOf(fit, property.types)) {
      const wanted = property.types.join(' or ')
      throw new CliError(
        'bad-value',
        `argument "${key}" of ${tool} has to be ${wanted}, not ${kindOf(value)} ${JSON.stringify(value)}`,
        `Write ${key}:=json.`,
      )
    }
    fitted[key] = fit
  }
  const missing = shape.required.filter((key) => !Object.hasOwn(fitted, key))
  if (missing.length === 0) return fitted
  throw new CliError(
    'missing-argument',
    `${tool} needs ${missing.map((key) => `"${key}"`).join(', ')}`,
    `Write ${missing.map((key) => `${key}=...`).join(' ')}`,
  )
}

function unknownArgument(tool: string, key: string, known: readonly string[]): CliError {
  const meant = nearest(key, known)
  const guess = meant === null ? '' : `; did you mean "${meant}"?`
  const list = known.length === 0 ? 'It takes none.' : `It takes: ${known.join(', ')}.`
  return new CliError('bad-value', `${tool} has no argument "${key}"${guess}`, list)
}

function shapeOf(schema: unknown): Shape {
  const properties = new Map<string, Property>()
  const isObject = schema !== null && typeof schema === 'object'
  const listed: unknown = isObject && 'properties' in schema ? schema.properties : undefined
  if (listed !== null && typeof listed === 'object') {
    for (const [key, each] of Object.entries(listed)) properties.set(key, { types: typesOf(each) })
  }
  const additional: unknown = isObject && 'additionalProperties' in schema ? schema.additionalProperties : undefined
  const required: unknown = isObject && 'required' in schema ? schema.required : undefined
  return {
    properties,
    required: Array.isArray(required) ? required.filter((each) => typeof each === 'string') : [],
    // Most schemas leave it out and mean "these"; one without any properties says nothing.
    isOpen:
      additional === true ||
      (additional !== null && typeof additional === 'object') ||
      (listed === undefined && additional !== false),
  }
}

function typesOf(property: unknown): readonly string[] {
  const type: unknown =
    property !== null && typeof property === 'object' && 'type' in property ? property.type : undefined
  if (typeof type === 'string') return [type]
  return Array.isArray(type) ? type.filter((each) => typeof each === 'string') : []
}

function fromText(text: string, types: readonly string[]): unknown {
  if (types.length === 0 || types.includes('string')) return text
  if ((types.includes('number') || types.includes('integer')) && text.trim() !== '' && Number.isFinite(Number(text)))
    return Number(text)
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

function isOneOf(value: unknown, types: readonly string[]): boolean {
  if (types.length === 0) return true
  const kind = kindOf(value)
  return types.includes(kind) || (kind === 'integer' && types.includes('number'))
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}
