import { describe, expect, test } from 'vitest'
import { findSections } from './find-section.ts'
import { cutSections } from './sections.ts'

const markdown = `# Asks
An ask is a question to an agent.

## Cancelling
\`holdfast cancel ID\` ends an ask.

\`\`\`
# not a heading
\`\`\`

# The keeper
It holds children and their pipes.
`

describe('the docs as sections', () => {
  const sections = cutSections('guide.md', markdown)

  test('each heading with what stands under it', () => {
    expect(sections.map(({ title }) => title)).toEqual(['Asks', 'Asks > Cancelling', 'The keeper'])
    expect(sections[1]?.text).toContain('# not a heading')
  })

  test.each([
    ['How can I cancel an ask?', 'Asks > Cancelling'],
    ['what does the KEEPER do', 'The keeper'],
    ['Which pipes are held?', 'The keeper'],
  ])('%s', (question, title) => {
    expect(findSections(question, sections, 1)[0]?.title).toBe(title)
  })

  test('nothing fits: nothing is found', () => {
    expect(findSections('zebra?', sections, 3)).toEqual([])
    expect(findSections('', sections, 3)).toEqual([])
  })
})
