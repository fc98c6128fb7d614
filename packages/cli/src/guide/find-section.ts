// Which section answers a question: words that are rare in the docs count more, words of headings count double.
import type { Section } from './sections.ts'

const fillers = new Set(
  'a an and are as at be by can do does for from have how i in into is it its me my of on or please should tell that the there this to what when where which who why will with you your about'.split(
    ' ',
  ),
)

/** Words in lower case, without endings that hide that two are the same. */
function wordsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words
    .filter((word) => !fillers.has(word))
    .map((word) => (word.length > 3 ? word.replace(/(?:ies|es|s)$/, '') : word))
}

interface Scored {
  readonly section: Section
  readonly score: number
}

function scoreOf(section: Section, wanted: readonly string[], weight: (word: string) => number): number {
  const title = new Set(wordsOf(section.title))
  const text = wordsOf(section.text)
  const counts = new Map<string, number>()
  for (const word of text) counts.set(word, (counts.get(word) ?? 0) + 1)
  let score = 0
  for (const word of wanted) {
    const count = counts.get(word) ?? 0
    // The second mention of a word says less than the first, and long sections mention everything.
    const inText = count === 0 ? 0 : (1 + Math.log(count)) / (1 + Math.log(1 + text.length / 100))
    score += weight(word) * (inText + (title.has(word) ? 2 : 0))
  }
  // A reference lists; who asks wants to understand.
  return section.file.startsWith('reference/') ? score / 3 : score
}

const definitionAsked = /^\s*what(?:'s| is| are) (?:an? |the )?(.+?)s?[\s?.!]*$/i

/** `What is a scope?` is answered by the section `What a scope is`, however often others say the word. */
function defines(question: string, { title }: Section): boolean {
  const word = definitionAsked.exec(question)?.[1]?.toLowerCase()
  const heading = title.split(' > ').at(-1)?.toLowerCase() ?? ''
  return (
    word !== undefined &&
    ['a ', 'an ', 'the ', ''].some((article) => `${heading} `.startsWith(`what ${article}${word} is `))
  )
}

/** The sections that fit best, best first; empty when no word of the question is in the docs. */
export function findSections(question: string, sections: readonly Section[], limit: number): Section[] {
  const wanted = [...new Set(wordsOf(question))]
  const bags = sections.map((section) => new Set(wordsOf(`${section.title} ${section.text}`)))
  const weight = (word: string): number => {
    const having = bags.filter((bag) => bag.has(word)).length
    return having === 0 ? 0 : Math.log(1 + sections.length / having)
  }
  const scored: Scored[] = sections.map((section) => ({
    section,
    score: scoreOf(section, wanted, weight) + (defines(question, section) ? 1000 : 0),
  }))
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ section }) => section)
}
