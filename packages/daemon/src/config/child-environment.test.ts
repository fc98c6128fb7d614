import { describe, expect, it } from 'vitest'
import { childEnvironment } from './child-environment.ts'
import { didYouMean } from './did-you-mean.ts'
import { expandVariables } from './expand-variables.ts'

describe('references', () => {
  it.each([
    ['plain', 'plain', []],
    ['${A}-${B}', 'a-', []],
    ['${A:-x}${B:-y}${C:-z}', 'ayz', []],
    ['${C}', '${C}', ['C']],
    ['$${A} $$ $A ${', '${A} $$ $A ${', []],
    ['${C:-${A}}', '${A}', []],
  ])('%s', (text, expected, missing) => {
    expect(expandVariables(text, { A: 'a', B: '' })).toEqual({ text: expected, missing })
  })
})

describe('the environment of a child', () => {
  const own = { PATH: '/bin', HOME: '/h', HOLDFAST_HOME: '/hh', SECRET: 's', HOLDFAST_INSTANCE: 'mine', FOO: 'foo' }

  it('has what every program needs, what is configured, and the tag; nothing else', () => {
    const configured = { TOKEN: 'x-${SECRET}', PATH: '/mine:${PATH}', HOLDFAST_CHILD: 'forged' }
    expect(childEnvironment({ configured, tag: 'default/a1', stateFolder: '/s', own, path: 'agents.a' })).toEqual({
      PATH: '/mine:/bin',
      HOME: '/h',
      HOLDFAST_HOME: '/hh',
      TOKEN: 'x-s',
      HOLDFAST_CHILD: 'default/a1',
      HOLDFAST_STATE: '/s',
    })
  })

  it('names the variable that is missing, and where it is referred to', () => {
    const options = { configured: { TOKEN: '${NOPE}' }, tag: 't', stateFolder: '/s', own, path: 'agents.a' }
    expect(() => childEnvironment(options)).toThrow('"agents.a.env.TOKEN" refers to ${NOPE}')
  })
})

describe('did you mean', () => {
  it.each([
    ['codx', 'codex'],
    ['CODEX', 'codex'],
    ['gmeini', 'gemini'],
    ['zzz', null],
    ['', null],
  ])('%s', (word, expected) => {
    expect(didYouMean(word, ['codex', 'gemini', 'guide'])).toBe(expected)
  })
})
