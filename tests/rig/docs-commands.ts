// The commands that docs show: whole lines of shell blocks, and those in running text.

/** Each line of a `sh` block that begins with `holdfast`. */
export function commandLines(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text = '']) => text)
  return blocks.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('holdfast '))
}

/** Each `holdfast ...` in backquotes. */
export function commandMentions(markdown: string): string[] {
  return [...markdown.matchAll(/`(holdfast [^`\n]+)`/g)].map(([, line = '']) => line)
}

/** The words of a simple command line, without redirections. */
export function wordsOf(line: string): string[] {
  const words = line.match(/"[^"]*"|\S+/g) ?? []
  const end = words.findIndex((word) => ['<', '|', '>', '#'].includes(word))
  return words.slice(0, end < 0 ? undefined : end).map((word) => word.replace(/^"(.*)"$/, '$1'))
}
