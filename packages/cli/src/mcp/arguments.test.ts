import { expect, test } from 'vitest'
import { fitArguments, readArguments } from './arguments.ts'

const schema = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    depth: { type: 'integer' },
    ratio: { type: 'number' },
    deep: { type: 'boolean' },
    tags: { type: 'array' },
    any: {},
  },
  required: ['path'],
}
const fit = (words: string[], json: string | null = null, shape: unknown = schema): unknown =>
  fitArguments('files.read', shape, readArguments(words, json))

test('text becomes what the schema wants; JSON stays what it is', () => {
  expect(fit(['path=7', 'depth=3', 'ratio=0.5', 'deep=true', 'tags:=["a"]', 'any=x=y'])).toEqual({
    path: '7',
    depth: 3,
    ratio: 0.5,
    deep: true,
    tags: ['a'],
    any: 'x=y',
  })
  expect(fit(['path=b'], '{"path":"a","depth":1}')).toEqual({ path: 'b', depth: 1 })
})

test.each([
  [['depth=3'], 'files.read needs "path"'],
  [['path=a', 'dept=3'], 'did you mean "depth"?'],
  [['path=a', 'depth=1.5'], 'argument "depth" of files.read has to be integer, not string "1.5"'],
  [['path:=7'], 'has to be string, not integer 7'],
  [['path:={'], 'is not JSON'],
  [['path'], '"path" is not an argument of a tool'],
])('%j is refused: %s', (words, message) => {
  expect(() => fit(words)).toThrow(message)
})

test('--args has to be an object; a schema that says nothing, or is open, takes anything', () => {
  expect(() => fit([], '[1]')).toThrow('--args has to be a JSON object, not array')
  expect(fit(['x=1'], null, { type: 'object' })).toEqual({ x: '1' })
  expect(fit(['x=1'], null, { properties: {}, additionalProperties: true })).toEqual({ x: '1' })
  expect(() => fit(['x=1'], null, { properties: {} })).toThrow('has no argument "x"')
})
