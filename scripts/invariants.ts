// Which tests carry which invariant: I1...I18 of ARCHITECTURE.md and K1...K47 of the lifecycle kernel, by the titles of the tests.
import { repositoryFiles, textOfFile } from './repository-files.ts'

/** Those that have no test, and why. */
export const untested: Readonly<Record<string, string>> = {
  I13: 'comes with the sessions in a terminal',
  I15: 'comes with the workspaces',
  K9: 'the welcome says the epoch, once for the whole connection: a connection never outlives its epoch',
  K21: 'clients send no constraints besides version and protocol range, which the handshake compares',
}

/** Every number that there is. */
export const invariants: readonly string[] = [
  ...Array.from({ length: 18 }, (_, index) => `I${index + 1}`),
  ...Array.from({ length: 47 }, (_, index) => `K${index + 1}`),
]

/** Each number that a title begins with, and the files of those titles. */
export function carriers(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const file of repositoryFiles((path) => path.endsWith('.test.ts'))) {
    for (const [, numbers = ''] of textOfFile(file).matchAll(/['"`]((?:[IK]\d+[ ,]+)+)/g)) {
      for (const number of numbers.match(/[IK]\d+/g) ?? []) {
        const files = found.get(number) ?? []
        if (!files.includes(file)) found.set(number, [...files, file])
      }
    }
  }
  return found
}
