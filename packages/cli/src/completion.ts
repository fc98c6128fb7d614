// Completion scripts for shells, from the table.
import type { Command, Flag } from './command.ts'
import type { Table } from './parse.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

export function completionScript(shell: Shell, table: Table): string {
  return { bash, zsh, fish }[shell](table)
}

function flagWords(flags: readonly Flag[]): string {
  return flags.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]).join(' ')
}

function firstWords(commands: readonly Command[]): string[] {
  return [...new Set(commands.map(({ words }) => words[0]))]
}

function secondWords(commands: readonly Command[], first: string): string[] {
  return commands.flatMap(({ words }) => (words[0] === first && words[1] !== undefined ? [words[1]] : []))
}

function choicesOf({ arguments: taken, flags }: Command): string {
  return [...(taken[0]?.oneOf ?? []), flagWords(flags)].join(' ').trim()
}

function bash({ commands, globals }: Table): string {
  const cases = commands.map((command) => `    "${command.words.join(' ')}") words="${choicesOf(command)}" ;;`)
  const groups = firstWords(commands).flatMap((first) => {
    const second = secondWords(commands, first)
    return second.length === 0 ? [] : [`    "${first}") words="${second.join(' ')}" ;;`]
  })
  return `# bash completion of holdfast:  source <(holdfast completion bash)
_holdfast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" named=""
  local -a given=()
  local word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $word == -* ]] || given+=("$word"); done
  named="\${given[0]}"
  case "$named" in
${groups.join('\n')}
  esac
  case "\${given[*]:0:2}" in
${cases.filter((line) => / "\w\S* \S+"\)/.test(line)).join('\n')}
  esac
  case "$named" in
${cases.filter((line) => !/ "\w\S* \S+"\)/.test(line)).join('\n')}
  esac
  [[ -n $named ]] || words="${firstWords(commands).join(' ')}"
  COMPREPLY=($(compgen -W "$words ${flagWords(globals)}" -- "$current"))
}
complete -o default -F _holdfast holdfast
`
}

/** For the text between the quotes of a zsh or fish word. */
function quoted(text: string): string {
  return text.replaceAll("'", '’').replaceAll(':', ' -').replaceAll('`', '')
}

function zsh({ commands, globals }: Table): string {
  const top = firstWords(commands).map((first) => {
    const single = commands.find(({ words }) => words.length === 1 && words[0] === first)
    return `    '${first}:${quoted(single?.summary ?? `${first} ...`)}'`
  })
  const second = firstWords(commands).flatMap((first) => {
    const members = commands.filter(({ words }) => words[0] === first && words.length > 1)
    const rows = members.map(({ words, summary }) => `'${words[1] ?? ''}:${quoted(summary)}'`)
    return rows.length === 0 ? [] : [`    ${first}) choices=(${rows.join(' ')}) ;;`]
  })
  const flags = commands.map(({ words, flags }) => `    '${words.join(' ')}') flags=(${flagWords(flags)}) ;;`)
  return `#compdef holdfast
# zsh completion of holdfast:  source <(holdfast completion zsh)
_holdfast() {
  local -a choices flags given
  given=(\${\${words[2,CURRENT-1]}:#-*})
  case "$given[1]" in
    '') choices=(
${top.join('\n')}
    ) ;;
${second.join('\n')}
  esac
  case "\${given[1,2]}" in
${flags.join('\n')}
  esac
  (( $#choices )) && _describe command choices
  compadd -- $flags ${flagWords(globals)}
  _files
}
compdef _holdfast holdfast
`
}

function fish({ commands, globals }: Table): string {
  const lines = ['# fish completion of holdfast:  holdfast completion fish | source']
  for (const first of firstWords(commands)) {
    const single = commands.find(({ words }) => words.length === 1 && words[0] === first)
    const says = quoted(single?.summary ?? `${first} ...`)
    lines.push(`complete -c holdfast -n __fish_use_subcommand -a '${first}' -d '${says}'`)
  }
  for (const { words, summary, flags } of commands) {
    const [first, second] = words
    if (second !== undefined) {
      lines.push(
        `complete -c holdfast -n '__fish_seen_subcommand_from ${first}' -a '${second}' -d '${quoted(summary)}'`,
      )
    }
    lines.push(...flags.map((flag) => fishFlag(`__fish_seen_subcommand_from ${first}`, flag)))
  }
  lines.push(...globals.map((flag) => fishFlag(null, flag)))
  return `${lines.join('\n')}\n`
}

function fishFlag(condition: string | null, { name, short, value, says }: Flag): string {
  const when = condition === null ? '' : ` -n '${condition}'`
  return `complete -c holdfast${when} -l ${name}${short === undefined ? '' : ` -s ${short}`}${value === undefined ? '' : ' -r'} -d '${quoted(says)}'`
}
