// What is in the tarballs, and what is not.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { describe, expect, inject, it } from 'vitest'
import { root } from '../rig/holdfast.ts'

const { folder, tarballs } = inject('installed')
const names = ['holdfast', '@holdfast/lifecycle', '@holdfast/protocol']
const placeOfPackage = (name: string): string => join(folder, 'node_modules', name)

function filesOf(name: string): string[] {
  const all = readdirSync(placeOfPackage(name), { recursive: true, encoding: 'utf8' })
  return all.filter((path) => !path.startsWith('node_modules/') && statSync(join(placeOfPackage(name), path)).isFile())
}

function manifestOf(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(placeOfPackage(name), 'package.json'), 'utf8')) as Record<string, unknown>
}

describe.each(names)('%s', (name) => {
  it('holds what it runs on, its README and its license, and nothing else', () => {
    const top = readdirSync(placeOfPackage(name)).filter((each) => each !== 'node_modules')
    const program = name === 'holdfast' ? ['bin'] : []
    expect(top.toSorted()).toEqual(['LICENSE', 'README.md', ...program, 'dist', 'package.json'].toSorted())
    const strange = filesOf(name).filter((path) =>
      /\.test\.|process\.test|(?<!\.d)\.ts$|tsbuildinfo|fixtures/.test(path),
    )
    expect(strange).toEqual([])
  })

  it('names no folder of the machine that it was built on', () => {
    const places = [root, `${homedir()}/`, `${tmpdir()}/hf-`].filter((place) => place.length > 2)
    const naming = filesOf(name).filter((path) => {
      const text = readFileSync(join(placeOfPackage(name), path), 'utf8')
      return places.some((place) => text.includes(place))
    })
    expect(naming).toEqual([])
  })

  it('runs nothing when it is installed, and names no file that is not there', () => {
    const { scripts, devDependencies, exports: entries } = manifestOf(name)
    expect({ scripts, devDependencies }).toEqual({ scripts: undefined, devDependencies: undefined })
    const named = [...JSON.stringify(entries ?? {}).matchAll(/"(\.\/[^"]+\.[a-z.]+)"/g)].map(([, path = '']) =>
      path.slice(2),
    )
    expect(named.filter((path) => !filesOf(name).includes(path))).toEqual([])
    expect(JSON.stringify(entries ?? {})).not.toContain('"source"')
  })

  it('satisfies publint', async () => {
    const packed = readFileSync(tarballs[names.indexOf(name)]!)
    const tarball = packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.byteLength)
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true, level: 'warning' })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })
})

it('of holdfast: only the lock and the optional terminals are not in its bundles', () => {
  const { dependencies, optionalDependencies } = manifestOf('holdfast')
  expect(Object.keys(dependencies ?? {})).toEqual(['fs-native-extensions'])
  expect(Object.keys(optionalDependencies ?? {})).toEqual(['@lydell/node-pty'])
  const bundles = filesOf('holdfast').filter((path) => /^dist\/[^/]+\.js$/.test(path))
  const imported = bundles.flatMap((path) => {
    const text = readFileSync(join(placeOfPackage('holdfast'), path), 'utf8')
    const found = text.matchAll(
      /\b(?:import|export)\b[^'"`;]*?from\s*["'`]([^"'`]+)["'`]|\bimport\s*["'`]([^"'`]+)["'`]|\bimport\(["'`]([^"'`]+)["'`]\)/g,
    )
    return [...found].map(([, a, b, c]) => a ?? b ?? c ?? '')
  })
  const outside = new Set(imported.filter((each) => !/^(node:|\.)/.test(each)))
  expect([...outside].filter((each) => each !== '@lydell/node-pty')).toEqual(['fs-native-extensions'])
})

it('of holdfast: a command, the programs that it starts, and the docs', () => {
  const files = filesOf('holdfast')
  for (const program of ['main', 'daemon', 'keeper', 'guide']) expect(files).toContain(`dist/${program}.js`)
  expect(files).toContain('dist/docs/tutorial/first-steps.md')
  expect(statSync(join(placeOfPackage('holdfast'), 'bin/holdfast.js')).mode & 0o111).toBe(0o111)
})

it('of lifecycle: one dependency', () => {
  expect(Object.keys(manifestOf('@holdfast/lifecycle')['dependencies'] ?? {})).toEqual(['fs-native-extensions'])
})
