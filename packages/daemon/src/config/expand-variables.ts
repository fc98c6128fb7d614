// ${NAME} and ${NAME:-default} in configured texts. Pure; `$${` stands for `${`.

export interface Expanded {
  readonly text: string
  /** Names that have neither a value nor a default. */
  readonly missing: readonly string[]
}

const reference = /\$\$(?=\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/** As in a shell, `:-` also replaces an empty value. */
export function expandVariables(text: string, variables: Readonly<Record<string, string | undefined>>): Expanded {
  const missing: string[] = []
  const expanded = text.replaceAll(reference, (whole, name: string | undefined, fallback: string | undefined) => {
    if (name === undefined) return '$'
    const value = variables[name]
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value === undefined) missing.push(name)
    return value ?? whole
  })
  return { text: expanded, missing }
}
