import { join } from 'node:path'
import { assert, nat, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerTo, piecesOf, readPace } from './answer.ts'
import { cutSections, loadSections } from './sections.ts'

const sections = cutSections(
  'concepts.md',
  '# Scopes\nA scope is what one daemon serves.\n# Epochs\nAn epoch only grows.',
)

const docs = loadSections(join(import.meta.dirname, '../../../../docs'))

describe('the answers of the guide', () => {
  test('quotes the section, and names its file', () => {
    const { text, overMs } = answerTo('What is a scope?', 1, sections)
    expect(text).toContain('A scope is what one daemon serves.')
    expect(text).toContain('docs/concepts.md')
    expect(overMs).toBe(0)
  })

  test('says so when it finds nothing, and what there is', () => {
    expect(answerTo('zebra', 1, sections).text).toContain('Scopes, Epochs')
    expect(answerTo('zebra', 1, []).text).toContain('has none')
  })

  test.each([
    ['what is a keeper?', 'What a keeper is and does'],
    ['what is the daemon?', 'What a daemon is and does'],
    ['what are agents', 'What an agent is'],
    ['what is an MCP server?', 'What an MCP server is'],
    ['What is a scope?', 'What a scope is'],
    ['How do I add an agent?', 'Add an agent'],
    ['how do I add an MCP server?', 'Add an MCP server'],
    ['What happens when the daemon crashes?', 'What happens when the daemon crashes'],
    ['what happens if the keeper dies', 'What happens when the keeper crashes'],
    ['how do I cancel an ask?', 'Wait for an ask, or cancel it'],
    ['does it work on macOS?', 'Systems it works on: Linux, macOS, not Windows'],
    ['how do I stop everything?', 'Stop it'],
    ['What can you do?', 'What Holdfast is for'],
    ['hello', 'What Holdfast is for'],
    ['where is the config file?', 'Where the config file is, and where logs are'],
    ['how do I upgrade?', 'How to upgrade Holdfast'],
  ])('%s is answered from the section that says it', (question, title) => {
    const [first] = answerTo(question, 1, docs).text.split('\n')
    expect(first).toContain(`> ${title} (`)
  })

  test.each([
    ['take 5 seconds: what is a scope?', 5000, 'what is a scope?'],
    ['Take 250ms, hello', 250, 'hello'],
    ['take 1.5 s: x', 1500, 'x'],
    ['take 2 minutes: x', 120_000, 'x'],
    ['slowly: x', 5000, 'x'],
    ['take 5 apples', 0, 'take 5 apples'],
    ['slowly but surely', 0, 'slowly but surely'],
  ])('%s', (prompt, overMs, question) => {
    expect(readPace(prompt)).toEqual({ overMs, question })
  })

  test('counts prompts', () => {
    expect(answerTo('How many prompts have you seen?', 1, sections).text).toBe('I have seen 1 prompt.')
    expect(answerTo('take 1s: how many prompts have you seen?', 3, sections)).toEqual({
      text: 'I have seen 3 prompts.',
      overMs: 1000,
    })
  })

  test('repeats any text unit for unit', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        expect(answerTo(`repeat after me: ${text}`, 1, sections).text).toBe(text)
      }),
    )
  })

  test('the pieces together are the text', () => {
    assert(
      property(string({ unit: 'grapheme' }), nat({ max: 50 }), (text, limit) => {
        const pieces = piecesOf(text, limit + 1)
        expect(pieces.join('')).toBe(text)
        expect(pieces.length).toBeLessThanOrEqual(limit + 1)
      }),
    )
  })
})
