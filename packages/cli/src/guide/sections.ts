// Holdfast's own docs as sections: a heading and what stands under it, with the file that it is from.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { errnoOf } from '@holdfast/lifecycle'

export interface Section {
  /** Relative to the docs folder. */
  readonly file: string
  /** The headings above it and its own. */
  readonly title: string
  readonly text: string
}

/** Cuts a Markdown text at its headings. Headings inside of code blocks are text. */
export function cutSections(file: string, markdown: string): Section[] {
  const sections: Section[] = []
  let titles: string[] = []
  let lines: string[] = []
  let isCode = false
  const finish = (): void => {
    const text = lines.join('\n').trim()
    if (text !== '') sections.push({ file, title: titles.filter((title) => title !== '').join(' > '), text })
    lines = []
  }
  for (const line of markdown.split('\n')) {
    if (line.trimStart().startsWith('```')) isCode = !isCode
    const heading = isCode ? null : /^(#{1,6})\s+(.+?)\s*#*$/.exec(line)
    if (heading === null) {
      lines.push(line)
      continue
    }
    finish()
    const [, marks = '#', title = ''] = heading
    titles = [...titles.slice(0, marks.length - 1), title]
  }
  finish()
  return sections
}

function markdownFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch (error) {
    // A build without docs: the guide then says that it has none.
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

export function loadSections(folder: string): Section[] {
  return markdownFiles(folder).flatMap((file) => cutSections(relative(folder, file), readFileSync(file, 'utf8')))
}
