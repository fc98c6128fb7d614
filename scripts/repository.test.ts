// What must not be in the repository, and what must.
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repositoryFiles, root, textOfFile } from './repository-files.ts'

const all = repositoryFiles(() => true)
const texts = all.filter((path) => !/\.(png|ico|woff2?)$/.test(path))
/** The paths whose text matches. */
const naming = (pattern: RegExp, paths = texts): string[] =>
  paths.filter((path) => path !== 'scripts/repository.test.ts' && pattern.test(textOfFile(path)))

describe('no trace of a machine or of a secret', () => {
  it('no registry address in the lock file', () => {
    expect(textOfFile('package-lock.json')).not.toMatch(/"resolved": "(https?|git|file)/)
  })

  it('no folder of a machine', () => {
    const checkout = new RegExp(`${root.replaceAll(/[^\w/]/g, '\\$&')}(?![\\w-])`)
    expect(root.length < 8 ? [] : naming(checkout)).toEqual([])
    expect(naming(/\/(home|Users)\/(?!x\b|user\b|you\b|me\b)[a-z][\w-]*\/\w/)).toEqual([])
  })

  it('no credentials', () => {
    expect(naming(/\w+:\/\/[^\s/:@'"`<>$]+:[^\s/@'"`<>$]+@/)).toEqual([])
    expect(
      naming(/-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{30}|\bnpm_\w{30}|\bsk-[\w-]{20}|\bAKIA[A-Z0-9]{16}\b/),
    ).toEqual([])
    expect(naming(/^\s*(\/\/\S+:)?_(auth|authToken|password)\s*=/m)).toEqual([])
  })
})

describe('executable files', () => {
  it('what begins with #! can be executed, and nothing else', () => {
    const isExecutable = (path: string): boolean => (statSync(join(root, path)).mode & 0o100) !== 0
    const begins = texts.filter((path) => textOfFile(path).startsWith('#!'))
    expect(all.filter(isExecutable)).toEqual(begins)
    expect(begins).toEqual(expect.arrayContaining(['.ci/run', 'packages/cli/bin/holdfast.js']))
  })
})

describe('links in Markdown', () => {
  const pages = all.filter((path) => path.endsWith('.md'))

  /** As the headings of a page are addressed. */
  function anchorsOf(page: string): Set<string> {
    const headings = [...textOfFile(page).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text)
    return new Set(
      headings.map((text) =>
        text
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
      ),
    )
  }

  it.each(pages)('%s points to what exists', (page) => {
    const prose = textOfFile(page).replaceAll(/^```[\s\S]*?^```/gm, '')
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    const broken = links.filter((link) => {
      if (/^(https?|mailto):/.test(link)) return false
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !anchorsOf(target).has(anchor)
    })
    expect(broken).toEqual([])
  })
})
