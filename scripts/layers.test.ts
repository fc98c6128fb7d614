// The layers of the code, as rules over what each file imports. Tests and what only tests use are free of them.
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repositoryFiles, textOfFile } from './repository-files.ts'

/** What a package may import besides Node and itself. */
const mayImport: Record<string, readonly string[]> = {
  lifecycle: ['fs-native-extensions'],
  protocol: ['valibot'],
  keeper: ['@holdfast/lifecycle', '@holdfast/protocol', '@lydell/node-pty', 'valibot'],
  daemon: ['@holdfast/keeper', '@holdfast/lifecycle', '@holdfast/protocol', 'jsonc-parser', 'valibot'],
  cli: ['@holdfast/lifecycle', '@holdfast/protocol', 'valibot'],
}

/** Folders of the daemon with a job of their own. `config` and `store` are interfaces that all may use. */
const features = ['agents', 'asks', 'gateway', 'mcp', 'sessions']

const files = repositoryFiles(
  (path) => /^packages\/[a-z]+\/src\/.*\.ts$/.test(path) && !/\.test\.ts$|\/testing\//.test(path),
)

interface Import {
  readonly file: string
  readonly names: string
}

function importsOf(file: string): Import[] {
  const statement = /(?:^(?:import|export)\b[^'"`;]*?\bfrom\s*|^import\s*|\bimport\(\s*)['"]([^'"]+)['"]/gm
  return [...textOfFile(file).matchAll(statement)].map(([, names = '']) => ({ file, names }))
}

const imports = files.flatMap(importsOf)
const packageOf = (file: string): string => file.split('/')[1] ?? ''
const isRelative = ({ names }: Import): boolean => names.startsWith('.')
const targetOf = ({ file, names }: Import): string => join(dirname(file), names)
const said = (found: readonly Import[]): string[] => found.map(({ file, names }) => `${file} imports ${names}`)

/** `@a/b/c` is of the package `@a/b`. */
function packageNamed(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

it('sees the code', () => {
  expect(files.length).toBeGreaterThan(200)
  expect(imports.length).toBeGreaterThan(800)
  expect(new Set(files.map(packageOf))).toEqual(new Set(Object.keys(mayImport)))
})

it.each(Object.entries(mayImport))('%s imports only Node, itself and %j', (name, allowed) => {
  const outside = imports.filter((each) => packageOf(each.file) === name && !isRelative(each))
  const wrong = outside.filter(({ names }) => !names.startsWith('node:') && !allowed.includes(packageNamed(names)))
  expect(said(wrong)).toEqual([])
})

it('no relative import leaves its package', () => {
  const leaving = imports.filter((each) => isRelative(each) && packageOf(targetOf(each)) !== packageOf(each.file))
  expect(said(leaving)).toEqual([])
})

it('no program imports what only tests use', () => {
  const published = 'packages/lifecycle/src/testing'
  expect(said(imports.filter(({ names }) => /\/testing(\/|$)/.test(names)))).toEqual([])
  expect(files.filter((file) => file.startsWith(published))).toEqual([])
})

describe('feature folders of the daemon', () => {
  const featureOf = (path: string): string | undefined => /^packages\/daemon\/src\/([^/]+)\//.exec(path)?.[1]
  it.each(features)('%s imports no other one', (feature) => {
    const wrong = imports.filter((each) => {
      const other = isRelative(each) ? featureOf(targetOf(each)) : undefined
      return featureOf(each.file) === feature && other !== feature && other !== undefined && features.includes(other)
    })
    expect(files.some((file) => featureOf(file) === feature)).toBe(true)
    expect(said(wrong)).toEqual([])
  })
})

describe('only in their place', () => {
  it.each([
    { what: 'the platform', pattern: /\bprocess\.platform\b|\bplatform\(\)/, place: /\/os\// },
    { what: 'the environment', pattern: /\bprocess\.env\b/, place: /\/config\/env\.ts$/ },
    { what: 'the end of the process', pattern: /\bprocess\.(exit|abort|reallyExit)\(/, place: /\/src\/main\.ts$/ },
    { what: 'a default export', pattern: /^export default\b/m, place: /^$/ },
    { what: 'exports of a whole module', pattern: /^export \*/m, place: /\/src\/index\.ts$/ },
  ])('$what', ({ pattern, place }) => {
    expect(files.filter((file) => !place.test(file) && pattern.test(textOfFile(file)))).toEqual([])
  })
})
