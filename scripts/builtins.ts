// Takes Node's own modules from `process.getBuiltinModule` in what is built. An import of `node:fs` reads each of its exports, also
// those that load a whole subsystem when they are read (`promises`: readline and the web streams); a start pays for that in
// milliseconds and in megabytes. Only what is named is read here.
import { builtinModules } from 'node:module'
import type { Plugin } from 'rolldown'

const prefix = '\0builtin:'
const isName = /^[A-Za-z_$][\w$]*$/

/** The text of a module that stands for `node:name`. */
export function moduleText(name: string): string {
  const builtin: unknown = process.getBuiltinModule(`node:${name}`)
  const keys = Object.keys(Object(builtin)).filter((key) => isName.test(key) && key !== 'default')
  const lines = keys.map(
    (key, at) => `const e${at} = /* @__PURE__ */ of(${JSON.stringify(key)})\nexport { e${at} as ${key} }`,
  )
  return [
    `const builtin = /* @__PURE__ */ process.getBuiltinModule('node:${name}')`,
    'const of = (key) => builtin[key]',
    'export default builtin',
    ...lines,
  ].join('\n')
}

export function builtins(): Plugin {
  return {
    name: 'builtins',
    resolveId: (id, _importer, { kind }) => {
      const name = id.replace(/^node:/, '')
      if (!builtinModules.includes(name) && !id.startsWith('node:')) return null
      return kind === 'import-statement' ? `${prefix}${name}` : { id, external: true }
    },
    load: (id) =>
      id.startsWith(prefix) ? { code: moduleText(id.slice(prefix.length)), moduleSideEffects: false } : null,
  }
}
