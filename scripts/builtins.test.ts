import { expect, test } from 'vitest'
import { moduleText } from './builtins.ts'

test('a builtin stands for itself, and only what is named is read from it', async () => {
  const url = `data:text/javascript,${encodeURIComponent(moduleText('path'))}`
  const path = (await import(url)) as typeof import('node:path') & { default: unknown }
  expect(path.join('a', 'b')).toBe('a/b')
  expect(path.default).toBe(process.getBuiltinModule('node:path'))
})

test('every export of a builtin is marked as one that may be left out', () => {
  const lines = moduleText('fs').split('\n')
  expect(lines.some((line) => line.includes('"readFileSync"'))).toBe(true)
  for (const line of lines.filter((each) => each.includes('= of('))) expect(line).toContain('/* @__PURE__ */')
  expect(lines.filter((line) => /^const e\d+ =(?! \/\* @__PURE__)/.test(line))).toEqual([])
})
