// The guide as a program of its own (dist/guide.js): what the daemon starts for the agent "guide".
import { docsFolder } from '../programs.ts'
import { version } from '../version.ts'
import { serveGuide } from './serve.ts'

await serveGuide({ input: process.stdin, output: process.stdout, docsFolder: docsFolder(), version })
process.stdin.destroy()
