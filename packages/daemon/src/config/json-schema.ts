// The published JSON Schema, made from the schema that checks the files. Knows the kinds of schema that are used there; an unknown
// one is an error, so that the published form never says less than the check.
import type * as v from 'valibot'
import { ConfigFile } from './schema.ts'

type Json = Record<string, unknown>
type Any = v.GenericSchema

export function configJsonSchema(): Json {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Holdfast configuration',
    description: 'config.json of the user, and holdfast.json or holdfast.jsonc of a project.',
    ...convert(ConfigFile),
  }
}

/** The kinds of schema that the configuration is made of. */
type Known =
  | { readonly type: 'optional'; readonly wrapped: Any; readonly default: unknown }
  | { readonly type: 'strict_object'; readonly entries: Record<string, Any> }
  | { readonly type: 'record'; readonly key: Any; readonly value: Any }
  | { readonly type: 'array'; readonly item: Any }
  | { readonly type: 'picklist'; readonly options: readonly string[] }
  | { readonly type: 'union'; readonly options: readonly Any[] }
  | { readonly type: 'string' | 'boolean' | 'number' }

type Step =
  | { readonly type: 'description'; readonly description: string }
  | { readonly type: 'regex'; readonly requirement: RegExp }
  | { readonly type: 'min_value' | 'max_value'; readonly requirement: number }
  | { readonly type: 'non_empty' | 'integer' }

function convert(schema: Any): Json {
  if (isPipe(schema)) return schema.pipe.slice(1).map(stepOf).reduce(applyStep, convert(schema.pipe[0]))
  const known = schema as unknown as Known
  switch (known.type) {
    case 'optional': {
      const inner = convert(known.wrapped)
      return known.default === undefined ? inner : { ...inner, default: known.default }
    }
    case 'strict_object':
      return object(known.entries)
    case 'record': {
      const { pattern } = convert(known.key)
      const names = pattern === undefined ? {} : { propertyNames: { pattern } }
      return { type: 'object', additionalProperties: convert(known.value), ...names }
    }
    case 'array':
      return { type: 'array', items: convert(known.item) }
    case 'picklist':
      return { enum: known.options }
    case 'union':
      return { anyOf: known.options.map(convert) }
    case 'string':
    case 'boolean':
    case 'number':
      return { type: known.type }
    default:
      throw new TypeError(`a schema of type "${schema.type}" has no JSON form yet`)
  }
}

function object(entries: Record<string, Any>): Json {
  const required = Object.keys(entries).filter((key) => entries[key]?.type !== 'optional')
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, convert(entry)])),
  }
}

function applyStep(json: Json, step: Step): Json {
  switch (step.type) {
    case 'description':
      return { ...json, description: step.description }
    case 'regex':
      return { ...json, pattern: step.requirement.source }
    case 'non_empty':
      return { ...json, minLength: 1 }
    case 'integer':
      return { ...json, type: 'integer' }
    case 'min_value':
      return { ...json, minimum: step.requirement }
    case 'max_value':
      return { ...json, maximum: step.requirement }
    default:
      throw new TypeError(`the check ${JSON.stringify(step)} has no JSON form yet`)
  }
}

interface Pipe extends Any {
  readonly pipe: readonly [Any, ...object[]]
}

function isPipe(schema: Any): schema is Pipe {
  return 'pipe' in schema
}

function stepOf(step: object): Step {
  return step as Step
}
