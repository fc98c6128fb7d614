// What the guide says to a prompt, and over how long. Pure.
import { findSections } from './find-section.ts'
import type { Section } from './sections.ts'

export interface Answer {
  readonly text: string
  /** Spread over this long, word by word; 0: at once. */
  readonly overMs: number
}

const repeatMark = /^\s*repeat after me:[ \t]?/i
const takeMark = /^\s*take\s+(\d+(?:\.\d+)?)\s*(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m)\s*[:,]?\s*/i
const slowMark = /^\s*slowly\s*[:,]\s*/i
/** Asks nothing in particular, or what this is at all. */
const opening =
  /^\s*(?:hi|hello|hey|help|who are you|what are you|what can (?:you|i) do|what (?:is|does) (?:this|holdfast)(?: do)?)[\s!.,?]*$/i
const openingTitle = 'What Holdfast is for'
const countQuestion = /how many prompts have you seen/i

const slowMs = 5000
const longestMs = 60 * 60 * 1000
const quotedLength = 3000

function unitMs(unit: string): number {
  const name = unit.toLowerCase()
  if (name === 'ms' || name.startsWith('milli')) return 1
  return name.startsWith('m') ? 60_000 : 1000
}

/** How long to take, and the prompt without the words that said so. */
export function readPace(prompt: string): { overMs: number; question: string } {
  const take = takeMark.exec(prompt)
  if (take !== null) {
    const [mark, amount = '0', unit = 's'] = take
    return { overMs: Math.min(longestMs, Number(amount) * unitMs(unit)), question: prompt.slice(mark.length) }
  }
  const slow = slowMark.exec(prompt)
  return slow === null ? { overMs: 0, question: prompt } : { overMs: slowMs, question: prompt.slice(slow[0].length) }
}

function quote(section: Section): string {
  const text = section.text.length <= quotedLength ? section.text : `${section.text.slice(0, quotedLength)} ...`
  return `${section.title} (docs/${section.file})\n\n${text}`
}

function topics(sections: readonly Section[]): string {
  const titles = [...new Set(sections.map((section) => section.title.split(' > ')[0] ?? section.title))]
  return titles.slice(0, 20).join(', ')
}

function fromDocs(question: string, sections: readonly Section[]): string {
  if (sections.length === 0) return 'I answer from the docs of Holdfast, but this build has none beside it.'
  const [best, next] = findSections(question, sections, 2)
  if (best === undefined) {
    return `I answer from the docs of Holdfast, and found nothing there about this. They are about: ${topics(sections)}.`
  }
  const more = next === undefined ? '' : `\n\nSee also: ${next.title} (docs/${next.file})`
  return quote(best) + more
}

/** `seen`: how many prompts came so far, this one included. */
export function answerTo(prompt: string, seen: number, sections: readonly Section[]): Answer {
  const { overMs, question } = readPace(prompt)
  const repeat = repeatMark.exec(question)
  if (repeat !== null) return { text: question.slice(repeat[0].length), overMs }
  if (countQuestion.test(question)) return { text: `I have seen ${seen} ${seen === 1 ? 'prompt' : 'prompts'}.`, overMs }
  return { text: fromDocs(opening.test(question) ? openingTitle : question, sections), overMs }
}

/** Pieces that together are the text: words with what follows them, or larger parts where there are many words. */
export function piecesOf(text: string, limit: number): string[] {
  const words = text.match(/\s*\S+\s*|\s+/g) ?? []
  const each = Math.max(1, Math.ceil(words.length / limit))
  const pieces: string[] = []
  for (let index = 0; index < words.length; index += each) pieces.push(words.slice(index, index + each).join(''))
  return pieces
}
